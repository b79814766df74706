import assert from "node:assert/strict";
import { scale } from "../../lib/arch/scale.ts";
import { editModel } from "../../lib/arch/edits.ts";
import { zoo } from "../../lib/arch/zoo/zoo.ts";
import { parameterCount } from "../../lib/cost/bytes.ts";
import { estimateFlops, estimateLayerFlops, specFlops, specLayerFlops } from "../../lib/cost/flops.ts";
import { roofline } from "../../lib/cost/roofline.ts";
import { kvCacheBytes, peakActivationBytes } from "../../lib/cost/spec_costs.ts";
import { hardware } from "../../lib/cost/hardware.ts";
import { costTable } from "../../lib/view/cost_table.ts";
import golden from "../golden/flops_gemma3.json" with { type: "json" };
import { smollm2 } from "./smollm2_spec.ts";

const gemma = zoo("gemma-3-270m"), layers = (all: number[]) => all.reduce((a, b) => a + b, 0);

Deno.test("FLOPs of Gemma 3 270M are those that are counted pair by pair, window layers as windows", () => {
  assert.equal(parameterCount(gemma), golden.parameters);
  for (const { tokens, past, rows, ...want } of golden.cases) {
    for (const convention of ["dense", "causal"] as const) {
      const head = 2 * rows * 640 * 262_144; // on the rows that are asked for
      const got = layers(specLayerFlops(gemma, { tokens, past, convention })) + head;
      assert.equal(got, want[convention], `${tokens} behind ${past}, ${convention}`);
      if (past === 0) {
        const logits = rows === tokens ? "all" : "last";
        assert.equal(specFlops(gemma, { promptTokens: tokens, logits, convention }).prefill, want[convention]);
      } else if (tokens === 1) {
        assert.equal(specFlops(gemma, { promptTokens: past, newTokens: 2, convention }).decode, want[convention]);
      }
    }
  }
});

Deno.test("a local layer's cache ends with its window, by hand", () => {
  const perToken = 2 * 256 * 4; // keys and values of one head, fp32
  assert.equal(kvCacheBytes(gemma, 500), 18 * 500 * perToken);
  assert.equal(kvCacheBytes(gemma, 4000), perToken * (15 * 512 + 3 * 4000));
});

Deno.test("counting beyond the context is refused with the model's name and its context", async () => {
  const beyond = (name: string, context: number) => new RegExp(`beyond the context of ${name}, ${context} tokens`);
  for (const [spec, context] of [[gemma, 32_768], [smollm2, 8192]] as const) {
    const refused = beyond(spec.name, context);
    assert.throws(() => specFlops(spec, { promptTokens: context + 1 }), refused);
    assert.throws(() => specFlops(spec, { promptTokens: context, newTokens: 2 }), refused);
    specFlops(spec, { promptTokens: context, newTokens: 1 }); // fits
    assert.throws(() => specLayerFlops(spec, { tokens: 2, past: context - 1 }), refused);
    assert.throws(() => kvCacheBytes(spec, context + 1), refused);
    assert.throws(() => peakActivationBytes(spec, { tokens: 1, past: context }), refused);
    assert.throws(() => roofline(spec, hardware("L4"), { promptTokens: context + 1 }), refused);
    assert.throws(() => roofline(spec, hardware("L4"), { promptTokens: 8, context: context + 1 }), refused);
    assert.throws(() => costTable({ spec }, { contexts: [8], promptTokens: context + 1 }), /shortest context of these/);
    await assert.rejects(() => estimateFlops(spec, { promptTokens: context + 1 }), refused);
    await assert.rejects(() => estimateLayerFlops(spec, { tokens: context + 1 }), refused);
  }
});

const windows = (spec: typeof gemma) => spec.layers.map(({ mixer }) => mixer.kind === "attention" ? mixer.window : 0);

Deno.test("keepLayers keeps each layer's own kind, in a pattern of local and global ones", () => {
  const { spec } = editModel(gemma, [{ keepLayers: [0, 4, 5, 6, 11] }]);
  assert.deepEqual(windows(spec), [512, 512, undefined, 512, undefined]);
  assert.deepEqual(spec.layers.map((l) => l.mixer.kind === "attention" && l.mixer.position !== undefined), [
    ...[true, true, false, true, false],
  ], "local layers keep positions of their own");
  assert.deepEqual(spec.layers.map((l) => l.weightsLayer), [0, 4, 5, 6, 11]);
});

Deno.test("a window limits the layers that see more, local ones keep theirs where it is smaller", () => {
  const wide = editModel(gemma, [{ window: 1024 }]).spec, narrow = editModel(gemma, [{ window: 128, sinks: 4 }]).spec;
  assert.deepEqual(windows(wide), gemma.layers.map((_, i) => (i + 1) % 6 === 0 ? 1024 : 512));
  assert.deepEqual(windows(narrow), Array(18).fill(128));
  const sinks = editModel(gemma, [{ window: 1024, sinks: 4 }]).spec.layers.map((l) =>
    l.mixer.kind === "attention" ? l.mixer.sinks ?? 0 : 0
  );
  assert.deepEqual(sinks, gemma.layers.map((_, i) => (i + 1) % 6 === 0 ? 4 : 0), "local layers stay as they are");
  // One step behind 2,000 tokens: 15 layers see 512 pairs and 3 see 1,024; each pair is 4 heads x 256 x 4 FLOPs.
  const step = (spec: typeof gemma) => specLayerFlops(spec, { tokens: 1, past: 2000 });
  const less = layers(step(gemma)) - layers(step(wide));
  assert.equal(less, 3 * (2001 - 1024) * 4 * 4 * 256);
});

Deno.test("scale() keeps the pattern of local and global layers, their positions and the scaled embedding", () => {
  const small = scale(gemma, { parameters: 2e6, vocabSize: 1024, contextLength: 1024, layers: 6 });
  assert.deepEqual(windows(small).map((w) => w === undefined), [false, false, false, false, false, true]);
  assert.ok(Math.abs(small.embeddingScale! - Math.sqrt(small.hiddenSize)) < 1e-9);
});
