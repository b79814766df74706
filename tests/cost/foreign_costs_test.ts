/** Costs of graphs made elsewhere, against those of the same architecture in closed form. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { estimateFlops, estimateLayerFlops } from "../../lib/cost/flops.ts";
import { willItRun } from "../../lib/cost/will_it_run.ts";
import { exportModel } from "../../lib/model/export.ts";
import { sharedFolder } from "../shared.ts";
import { tinySpec } from "../model/tiny_spec.ts";

const ASKED = { promptTokens: 16, newTokens: 20 };

Deno.test("an exported folder costs what its architecture costs, by the rows that its head works on", async () => {
  const folder = await mkdtemp(join(tmpdir(), "costs-")), own = { ref: tinySpec(), seed: 3 };
  try {
    await exportModel(own, folder);
    for (const convention of ["dense", "causal"] as const) {
      const asked = { ...ASKED, convention }, all = await estimateFlops(own, { ...asked, logits: "all" });
      const last = await estimateFlops(own, asked), looped = { ref: folder, optimise: "loop" as const };
      assert.deepEqual(await estimateFlops(folder, asked), all);
      assert.deepEqual(await estimateFlops(looped, asked), last);
      const pass = { tokens: 3, past: 5, convention };
      assert.deepEqual(await estimateLayerFlops(folder, pass), await estimateLayerFlops(own, pass));
    }
    await assert.rejects(estimateFlops(folder, { promptTokens: 1e6 }), /beyond the context of /);

    const hardware = "Raspberry Pi 5",
      [mine, theirs] = [await willItRun(own, { hardware }), await willItRun(folder, { hardware })];
    const part = (answer: typeof mine, name: string) => answer.memory.parts.find((p) => p.part === name)!.bytes;
    assert.equal(part(theirs, "cache"), part(mine, "cache"));
    assert.equal(theirs.roofline.decode.cacheBytes, mine.roofline.decode.cacheBytes);
    assert.deepEqual([theirs.precision, theirs.contextLength], [mine.precision, mine.contextLength]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

const shared = sharedFolder("models");
if (shared !== null) {
  Deno.test("optimum's graph costs what ours of its weights costs, but for the angles that it computes", async () => {
    const path = join(shared, "llama-optimum"), graph = { ref: path, format: "onnx" as const };
    const ours = await estimateFlops(path, { ...ASKED, logits: "all" }), theirs = await estimateFlops(graph, ASKED);
    const angles = 2 * 8; // positions times the 8 frequencies of a head of 16, as a product: for each token
    assert.equal(theirs.prefill, ours.prefill + 16 * angles);
    assert.equal(theirs.decode, ours.decode + 19 * angles);
    const heads = await estimateFlops({ ...graph, optimise: "heads" }, ASKED);
    assert.equal(heads.prefill, (await estimateFlops(path, ASKED)).prefill + 16 * angles);
    assert.deepEqual(await estimateLayerFlops(graph, { tokens: 4 }), await estimateLayerFlops(path, { tokens: 4 }));
    const genai = await estimateFlops(join(shared, "llama-genai-fp32"), ASKED);
    assert.deepEqual(genai, ours);
  });
}
