import assert from "node:assert/strict";
import { rowVerdict, usableScore } from "../../lib/view/labels.ts";

const estimate = (point: number, low: number | null, high: number | null) => ({ point, low, high, level: 0.95, n: 2 });
const bounds = (metric: string, ...of: Parameters<typeof estimate>) => {
  const { low, high } = usableScore(metric, estimate(...of));
  return [low, high];
};

Deno.test("usableScore() leaves out bounds that say nothing of a metric, and cuts those that cannot be", () => {
  assert.deepEqual(bounds("acc_norm", 0.5, 0, 1), [null, null]); // one source: from none to all
  assert.deepEqual(bounds("pass@1", 0.5, 0.2, 0.8), [0.2, 0.8]);
  assert.deepEqual(bounds("bits_per_byte", 1.3, -0.4, 3), [null, null]);
  assert.deepEqual(bounds("bits_per_byte", 1.3, 1.2, 1.4), [1.2, 1.4]);
  assert.deepEqual(bounds("perplexity", 30, 0.02, 40_000), [null, null]);
  assert.deepEqual(bounds("some_metric", 3, -1, 7), [-1, 7]); // nothing is known of its scale
});

Deno.test("rowVerdict() says what there is too little of", () => {
  const row = { verdict: "unclear", speedup: 1, low: 0.9, high: 1.2 };
  assert.equal(rowVerdict(row).words, "no difference found");
  assert.equal(rowVerdict({ ...row, low: null, high: null }).words, "too few blocks");
  assert.equal(rowVerdict({ ...row, speedup: null, low: null, high: null }).words, "too few items");
});
