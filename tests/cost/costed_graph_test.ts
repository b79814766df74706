/** Costs of graphs that other programs made, beside those of the architecture that they are of. */
import assert from "node:assert/strict";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { costedGraph } from "../../lib/cost/costed_graph.ts";
import { estimateFlops, estimateLayerFlops } from "../../lib/cost/flops.ts";
import { hardware } from "../../lib/cost/hardware.ts";
import { recommend } from "../../lib/cost/recommend.ts";
import { roofline } from "../../lib/cost/roofline.ts";
import * as costs from "../../lib/cost/spec_costs.ts";
import { willItRun } from "../../lib/cost/will_it_run.ts";
import { GraphBuilder } from "../../lib/onnx/graph_builder.ts";
import { costTable } from "../../lib/view/cost_table.ts";
import { OWN, withExported } from "../arch/exported_folder.ts";
import { inTempFolder } from "../arch/temp_folder.ts";
import { tinySpec } from "../model/tiny_spec.ts";
import { sharedFolder } from "../shared.ts";

const machine = hardware("Raspberry Pi 5"), spec = tinySpec(), shared = sharedFolder("models");

Deno.test("an exported model costs what its architecture costs, in every convention", () =>
  withExported(async (folder, file) => {
    const graph = await costedGraph(folder);
    assert.equal(costs.parameterCount(graph), costs.parameterCount(spec));
    assert.equal(costs.weightBytes(graph), costs.weightBytes(spec, "fp32"));
    assert.equal(costs.kvBytesPerToken(graph), costs.kvBytesPerToken(spec));
    assert.equal(costs.kvCacheBytes(graph, 40, { batch: 3 }), costs.kvCacheBytes(spec, 40, { batch: 3 }));
    for (const convention of ["dense", "causal", "executed"] as const) {
      const options = { promptTokens: 7, newTokens: 20, batch: 2, convention };
      const want = await estimateFlops(OWN, { ...options, logits: "all" }); // the graph's head runs on all rows
      for (const ref of [folder, file, { ref: folder, format: "onnx" as const }]) {
        assert.deepEqual(await estimateFlops(ref, options), want);
      }
      const setting = { promptTokens: 9, context: 30, batch: 2, convention };
      assert.deepEqual(roofline(graph, machine, setting).decode, roofline(spec, machine, setting).decode);
    }
    assert.deepEqual(
      await estimateLayerFlops(folder, { tokens: 3, past: 4 }),
      await estimateLayerFlops(OWN, { tokens: 3, past: 4 }),
    );
    const rows = String(costTable({ spec, graph }).bundle["text/plain"]).split("\n").filter((l) =>
      /^(spec|graph) /.test(l)
    );
    const numbers = rows.map((row) => row.trim().split(/\s+/).slice(1));
    assert.deepEqual(numbers[0].toSpliced(2, 1), numbers[1].toSpliced(2, 1)); // all but the prefill's head
  }));

Deno.test("whether a graph runs is told of its own precision, and a context is its own too", () =>
  withExported(async (folder) => {
    const answer = await willItRun(folder, { hardware: machine, promptTokens: 40, newTokens: 20 });
    const own = await willItRun(OWN, { hardware: machine, promptTokens: 40, newTokens: 20 });
    assert.deepEqual([answer.precision, answer.parameters, answer.fits], ["fp32", own.parameters, true]);
    assert.deepEqual(answer.roofline.decode, own.roofline.decode);
    // 440,576 bytes of weights, 2 caches of 40 tokens of 768 bytes or 4 of 60; the rest is the runtime's 40 MB and activations.
    const bytes = Object.fromEntries(answer.memory.parts.map(({ part, bytes }) => [part, bytes]));
    assert.deepEqual([bytes.weights, bytes.runtime], [440_576, 40e6]);
    assert.ok([2 * 40 * 768, 4 * 60 * 768].includes(bytes.cache));
    const graph = await costedGraph(folder), beyond = /beyond the context of .*, 64 tokens/;
    await assert.rejects(estimateFlops(folder, { promptTokens: 65 }), beyond);
    assert.throws(() => costs.kvCacheBytes(graph, 65), beyond);
    assert.throws(() => roofline(graph, machine, { promptTokens: 65 }), beyond);
    assert.throws(() => roofline(graph, machine, { promptTokens: 6, precision: "int4" }), {
      name: "RangeError",
      message: /at "int4": its graph is fp32; leave the precision out/,
    });
    assert.throws(() => costs.kvCacheBytes(graph, 6, { bytesPerElement: 2 }), /leave bytesPerElement out/);
    await assert.rejects(
      willItRun(folder, { hardware: machine, precision: "int8" }),
      /in int8: .* its weights are fp32/,
    );
    const { found } = await recommend({ models: [folder], hardware: [machine], memoryGb: 1, contextLength: 60 });
    assert.deepEqual(found.map(({ precision, verdict }) => [precision, verdict]), [["fp32", "meets"]]);
    await assert.rejects(costedGraph(OWN), { name: "TypeError", message: /our own graphs run it.* pass resolveSpec/ });
  }));

Deno.test("a file alone is counted without any other; what it caches is asked of its folder", () =>
  withExported((_folder, file) =>
    inTempFolder(async (bare) => {
      const path = join(bare, "alone.onnx");
      await copyFile(file, path);
      const want = await estimateFlops(OWN, { promptTokens: 5, newTokens: 3, logits: "all" });
      assert.deepEqual(await estimateFlops(path, { promptTokens: 5, newTokens: 3 }), want);
      const graph = await costedGraph(path);
      assert.equal(graph.contextLength, null);
      assert.throws(() => costs.kvCacheBytes(graph, 4), /no config\.json beside it says how long its context is/);
    })
  ));

const V = 160, D = 6;

/** Ids to logits by a table and a head: of the same numbers, turned, or of others. */
function tiedGraph(change: number): Uint8Array {
  const g = new GraphBuilder("tied"), table = Array.from({ length: V * D }, (_, i) => Math.sin(i));
  const head = Array.from({ length: V * D }, (_, i) => table[(i % V) * D + Math.floor(i / V)]);
  head[head.length - 1] += change;
  g.input("input_ids", "int64", ["batch", "tokens"]);
  g.output("logits", "float32", ["batch", "tokens", V]);
  const rows = g.node("Gather", [g.literal("float32", [V, D], table), "input_ids"]);
  g.node("MatMul", [rows, g.literal("float32", [D, V], head)], {}, { outputs: ["logits"] });
  return g.model();
}

Deno.test("a head that holds the embedding's numbers a second time counts once; one number apart, and both count", () =>
  inTempFolder(async (folder) => {
    const config = { max_position_embeddings: 32, vocab_size: V, model_type: "tied" };
    await writeFile(join(folder, "config.json"), JSON.stringify(config));
    for (const [change, tables] of [[0, 1], [1e-3, 2]]) {
      await writeFile(join(folder, "model.onnx"), tiedGraph(change));
      const graph = await costedGraph(folder);
      assert.equal(costs.parameterCount(graph), tables * V * D);
      assert.equal(graph.known.weights.parameters, tables * V * D);
      assert.equal(graph.known.weights.bytes, 2 * 4 * V * D);
      assert.deepEqual(graph.known.weights.twice?.map(({ elements }) => elements), change ? undefined : [V * D]);
    }
  }));

if (shared !== null) {
  Deno.test("one model in three forms costs the same; of optimum's graph its rotary angles besides", async () => {
    const path = join(shared, "llama-optimum"), ours = { ref: path, format: "safetensors" as const };
    const optimum = await costedGraph({ ref: path, format: "onnx" }),
      genai = await costedGraph(join(shared, "llama-genai-fp32"));
    const int4 = await costedGraph(join(shared, "llama-genai-int4"));
    // model.safetensors holds 102,848; optimum writes one tensor for its five norms of ones, 4 x 64 fewer.
    assert.deepEqual([genai, int4, optimum].map(costs.parameterCount), [102848, 102848, 102848 - 4 * 64]);
    // By hand: 102,528 numbers of matrices and 320 of norms; blocks of 32 weights in 20 bytes.
    assert.deepEqual([optimum, genai, int4].map((g) => costs.weightBytes(g)), [
      411392,
      411392,
      102528 / 32 * 20 + 1280,
    ]);
    assert.deepEqual([optimum, genai, int4].map((g) => costs.kvCacheBytes(g, 100)), [51200, 51200, 51200]);
    const options = { promptTokens: 9, newTokens: 4 }, want = await estimateFlops(ours, { ...options, logits: "all" });
    assert.deepEqual(await estimateFlops(join(shared, "llama-genai-fp32"), options), want);
    const { decode, prefill } = await estimateFlops({ ref: path, format: "onnx" }, options);
    assert.deepEqual([decode, prefill], [want.decode + 3 * 16, want.prefill + 9 * 16]);
  });
}
