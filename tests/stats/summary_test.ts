import assert from "node:assert/strict";
import { outlierClasses } from "../../lib/stats/outliers.ts";
import { seededRandom } from "../../lib/stats/random.ts";
import { autocorrelation, isFlat } from "../../lib/stats/series.ts";
import { mad, mean, median, quantile, sampleStd } from "../../lib/stats/summary.ts";

Deno.test("mean, sample std, median and MAD of a small sample, by hand", () => {
  const x = [2, 4, 4, 4, 5, 5, 7, 9];
  assert.equal(mean(x), 5);
  assert.equal(sampleStd(x), Math.sqrt(32 / 7));
  assert.equal(median(x), 4.5);
  assert.equal(mad(x), 0.5);
});

Deno.test("quantile() is of type 7, as numpy.quantile", () => {
  const x = [15, 20, 35, 40, 50]; // numpy.quantile(x, 0.4) = 29.0
  assert.equal(quantile(x, 0.4), 29);
  assert.equal(quantile(x, 0), 15);
  assert.equal(quantile(x, 1), 50);
});

Deno.test("too little data and NaN are errors that say so", () => {
  assert.throws(() => mean([]), /at least 1 values, got 0/);
  assert.throws(() => sampleStd([1]), /at least 2 values, got 1/);
  assert.throws(() => median([1, NaN]), /value 1 is NaN/);
  assert.throws(() => quantile([1], 2), /got 2/);
});

Deno.test("seededRandom() repeats itself, is uniform, and shuffles without bias", () => {
  const first = Array.from({ length: 5 }, seededRandom(3).next),
    again = Array.from({ length: 5 }, seededRandom(3).next);
  assert.deepEqual(first, again);
  assert.notDeepEqual(first, Array.from({ length: 5 }, seededRandom(4).next));
  const random = seededRandom(1), n = 60_000, counts = new Map<string, number>();
  let sum = 0;
  for (let i = 0; i < n; i++) {
    sum += random.next();
    const order = random.shuffle([0, 1, 2]).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.ok(Math.abs(sum / n - 0.5) < 5 / Math.sqrt(12 * n));
  const chi2 = [...counts.values()].reduce((s, c) => s + (c - n / 6) ** 2 / (n / 6), 0);
  assert.equal(counts.size, 6);
  assert.ok(chi2 < 20.5, `chi-squared ${chi2} with 5 degrees of freedom; 0.1 % of uniform shuffles pass 20.5`);
  assert.throws(() => seededRandom(0.5), /got 0.5/);
});

Deno.test("outlierClasses() labels by Tukey's fences and keeps every value", () => {
  const x = [10, 11, 12, 13, 14, 20, 40, -30]; // quartiles 10.75 and 15.5, IQR 4.75
  assert.deepEqual(outlierClasses(x).slice(5), ["normal", "high severe", "low severe"]);
  assert.equal(outlierClasses([...x, 24])[8], "normal");
});

Deno.test("autocorrelation() is -0.75 for an alternating series of four, and 0 for a constant one", () => {
  assert.equal(autocorrelation([1, -1, 1, -1]), -0.75);
  assert.equal(autocorrelation([2, 2, 2]), 0);
});

Deno.test("isFlat() wants the last two blocks within 5 % of those before", () => {
  assert.equal(isFlat([20, 10]), false);
  assert.equal(isFlat([20, 15, 10, 10]), false);
  assert.equal(isFlat([20, 10, 10, 10.2, 10]), true);
});
