import assert from "node:assert/strict";
import { peakActivationBytes } from "../../lib/cost/activations.ts";
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
