import assert from "node:assert/strict";
import { buildInMemory } from "../../lib/arch/build.ts";
import { randomWeights } from "../../lib/arch/random_weights.ts";
import type { LayerSpec } from "../../lib/arch/spec.ts";
import { peakActivationBytes } from "../../lib/cost/activations.ts";
import { graphPassCost } from "../../lib/cost/graph_generation.ts";
import { tinySpec } from "../model/tiny_spec.ts";

Deno.test("peakActivationBytes() is the widest stage, counted by hand", () => {
  // tiny: hidden 64, 4 heads and 2 kv heads of 16, MLP 96, vocabulary 258
  const spec = tinySpec();
  assert.equal(peakActivationBytes(spec, { tokens: 1 }), 4 * (2 * 64 + 3 * 96), "one token: the MLP");
  const wide = tinySpec({ vocabSize: 1000 });
  assert.equal(peakActivationBytes(wide, { tokens: 10, batch: 2, logits: "all" }), 4 * 20 * (64 + 1000), "the head");
  const attention = 8 * (64 + 128 + 64) + 8 * 4 * 108;
  assert.equal(peakActivationBytes(spec, { tokens: 8, past: 100 }), 4 * attention, "a long cache: attention");
  assert.throws(() => peakActivationBytes(spec, { tokens: 0 }), /tokens.*0/);
});

Deno.test("the peak of RWKV's channel mix is that of its graph", async () => {
  const layer: LayerSpec = {
    mixer: { kind: "convolution", kernel: 2 },
    channel: { kind: "rwkv", intermediateSize: 320 },
  };
  const spec = tinySpec({ layers: [layer, layer], position: { kind: "none" }, contextLength: 1024 });
  const built = await buildInMemory(spec, spec, "fp32", randomWeights(spec, 0));
  for (const [tokens, past] of [[37, 0], [400, 0]]) {
    const { peakActivations } = await graphPassCost(built.graph("generate"), { tokens, past });
    const ratio = peakActivations.bytes / peakActivationBytes(spec, { tokens, past });
    assert.ok(Math.abs(ratio - 1) < 0.02, `${ratio} times the closed form of ${tokens} tokens`);
  }
});
