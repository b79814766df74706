import assert from "node:assert/strict";
import { flipDistance, goldMargin, itemsNearFlip, largestChange } from "../../lib/eval/margins.ts";
import type { EvalItem } from "../../lib/eval/types.ts";

const item = (logLikelihoods: number[], gold: number, choiceChars = [1, 1, 1]): EvalItem => ({
  row: 0,
  logLikelihoods,
  gold,
  choiceChars,
  choiceBytes: choiceChars,
  correct: 1,
  tokens: 1,
  promptHash: "",
});

Deno.test("the distance of a flip: two choices that meet half way, each over its length", () => {
  assert.equal(flipDistance(item([-1, -1.5, -9], 0), "acc"), 0.25); // -1.25 and -1.25
  assert.equal(flipDistance(item([-1, -1.5, -9], 1), "acc"), 0.25); // wrong now, and the right one is as near
  assert.equal(flipDistance(item([-1, -1.5, -9], 2), "acc"), 4);
  // -10 / 2 = -5 against -18 / 3 = -6: (-10 - d) / 2 = (-18 + d) / 3 at d = 1.2
  assert.ok(Math.abs(flipDistance(item([-10, -18, -90], 0, [2, 3, 3]), "acc_norm")! - 1.2) < 1e-12);
  assert.equal(flipDistance({ ...item([], 0), logLikelihoods: undefined }, "acc"), null);
  assert.equal(flipDistance(item([-1, -2, -3], 0), "bits_per_byte"), null);
  assert.equal(goldMargin(item([-10, -18, -90], 1, [2, 3, 3]), "acc_norm"), -1);
});

Deno.test("a change within the distance flips no item that is not counted", () => {
  const x = item([-1, -1.5, -9], 0), d = flipDistance(x, "acc")!;
  const worst = (d: number) => item([-1 - d, -1.5 + d, -9 + d], 0);
  assert.ok(goldMargin(worst(0.999 * d), "acc")! > 0);
  assert.ok(goldMargin(worst(1.001 * d), "acc")! < 0);
});

Deno.test("itemsNearFlip() counts for each metric and says it", () => {
  const estimate = { point: 1, low: 0, high: 1, level: 0.95, n: 3 };
  const result = {
    items: [item([-1, -1.0001, -9], 0), item([-1, -2, -9], 0), item([-3, -1, -1.00015], 2)],
    metrics: { acc_norm: estimate, acc: estimate, bits_per_byte: estimate },
  };
  const found = itemsNearFlip(result);
  assert.deepEqual(found.metrics, { acc_norm: { near: 2, of: 3 }, acc: { near: 2, of: 3 } });
  assert.equal(
    found.sentence,
    "2 of 3 items (acc_norm), 2 of 3 items (acc) could flip within the 1e-4 by which batching changes log-likelihoods.",
  );
  assert.deepEqual(itemsNearFlip(result, 0.5).metrics.acc, { near: 3, of: 3 });
  assert.throws(() => itemsNearFlip(result, -1), /distance must be a number >= 0, got -1/);
  const text = itemsNearFlip({ items: [], metrics: { bits_per_byte: estimate } });
  assert.equal(text.sentence, "No item has choices whose order could change.");
});

Deno.test("largestChange() is the distance between two runs of one model", () => {
  assert.ok(
    Math.abs(largestChange({ items: [item([-1, -2, -3], 0)] }, { items: [item([-1, -2.5, -3.1], 0)] }) - 0.5) < 1e-12,
  );
  assert.equal(largestChange({ items: [] }, { items: [] }), 0);
});
