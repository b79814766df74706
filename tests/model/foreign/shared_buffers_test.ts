/** Keys and values in one buffer before and after a run, where the graph's attention can have that. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { resolveGraph } from "../../../lib/arch/foreign/resolve_graph.ts";
import { exportModel } from "../../../lib/model/export.ts";
import { runGraph } from "../../../lib/model/foreign/graph_run.ts";
import { emptyGroup } from "../../../lib/model/foreign/group.ts";
import { openGraphs } from "../../../lib/model/foreign/open_foreign.ts";
import { openModel } from "../../../lib/model/open_model.ts";
import { someIds, tinySpec } from "../tiny_spec.ts";
import { inFolder } from "./in_folder.ts";
import { CONTEXT, VOCAB, writeTiny } from "./tiny_decoder.ts";

const REF = { ref: tinySpec({ contextLength: 256 }), seed: 3 };

Deno.test("a run writes behind what is cached, in the same buffers, until they are full", () =>
  inFolder(async (folder) => {
    await exportModel(REF, folder);
    const graph = (await resolveGraph(folder))!, [{ past }] = graph.layout.caches;
    assert.equal(graph.layout.sharesBuffers, true);
    const graphs = await openGraphs(graph, { provider: "cpu", threads: 1 });
    const first = (await runGraph(graphs, emptyGroup(graph.layout, 1), [someIds])).next;
    assert.deepEqual(first.caches[past].dims, [1, 2, 64, 16]);
    const second = (await runGraph(graphs, first, [[1]])).next;
    assert.equal(second.caches[past].data, first.caches[past].data);
    const more = (await runGraph(graphs, second, [new Array(64).fill(2)])).next;
    assert.deepEqual(more.caches[past].dims, [1, 2, 128, 16]);
    const exact = await runGraph(graphs, emptyGroup(graph.layout, 1), [someIds], { mostTokens: 40 });
    assert.deepEqual(exact.next.caches[past].dims, [1, 2, 40, 16]);
    await graphs.session.release();
  }));

Deno.test("shared buffers that grow, and batches of rows of other lengths in them, give the ids of our own graph", () =>
  inFolder(async (folder) => {
    await exportModel(REF, folder);
    const own = await openModel(REF, { threads: 1 });
    const prompts = [someIds.slice(0, 3), someIds, [9], someIds.slice(2, 14)].map((prompt) => ({ prompt }));
    const options = { maxNewTokens: 150, ignoreEos: true, maxRows: 3 };
    const want = await own.generateBatch(prompts, options);
    await own.close();
    for (const share of [true, false]) {
      const path = join(folder, "genai_config.json"), config = JSON.parse(await readFile(path, "utf8"));
      config.search.past_present_share_buffer = share;
      await writeFile(path, JSON.stringify(config));
      assert.equal((await resolveGraph(folder))!.layout.sharesBuffers, share);
      const model = await openModel(folder, { threads: 1 });
      assert.deepEqual(await model.generateBatch(prompts, options), want);
      await model.close();
    }
  }));

Deno.test("no buffer is shared where something else reads what is cached", () =>
  inFolder(async (folder) => {
    await writeFile(
      join(folder, "config.json"),
      JSON.stringify({ model_type: "tiny", max_position_embeddings: CONTEXT, vocab_size: VOCAB }),
    );
    await writeTiny(join(folder, "model.onnx"));
    assert.equal((await resolveGraph(folder))!.layout.sharesBuffers, false);
  }));
