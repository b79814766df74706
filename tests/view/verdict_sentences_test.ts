import assert from "node:assert/strict";
import { verdictSentences } from "../../lib/view/verdict_sentences.ts";
import { fakeComparison } from "./fake_comparison.ts";

Deno.test("every verdict on a primary metric is a sentence with its interval and its n", () => {
  assert.deepEqual(verdictSentences(fakeComparison()).slice(0, 4), [
    "int4: decodes 3.15× [3.13, 3.17] as fast, faster (prompt 5 + 64 new tokens, n = 24 rounds)",
    "int4: runs 0.93× [0.91, 0.95] as fast, slower (batch 8 × 128 tokens, n = 24 rounds)",
    "int4: no difference found in hellaswag acc_norm, 0 pp [−4, +4] (n = 40 items)",
    "int4: same in bits per byte, +0.004 bits/byte [−0.002, +0.010] (n = 40 items)",
  ]);
});
