import assert from "node:assert/strict";
import { decimalsFor, estimateParts, formatEstimate, formatNumber } from "../../lib/view/format.ts";

const estimate = (point: number, low: number | null, high: number | null) => ({ point, low, high, level: 0.95, n: 20 });

Deno.test("formatEstimate() lets the digits follow the interval", () => {
  assert.equal(formatEstimate(estimate(12.41833, 12.08, 12.78)), "12.4 [12.1, 12.8]");
  assert.equal(formatEstimate(estimate(812.4, 806.1, 818.9)), "812 [806, 819]");
  assert.equal(formatEstimate(estimate(3.1512, 3.0911, 3.2099)), "3.15 [3.09, 3.21]");
  assert.equal(formatEstimate(estimate(1.01, 0.998, 1.022)), "1.010 [0.998, 1.022]");
  assert.equal(formatEstimate(estimate(47.1, 47.1, 47.1)), "47.1 [47.1, 47.1]");
});

Deno.test("formatEstimate() scales, signs and names a unit", () => {
  assert.equal(
    formatEstimate(estimate(-0.01, -0.05, 0.03), { scale: 100, sign: true, unit: " pp" }),
    "−1 pp [−5, +3]",
  );
  assert.equal(formatEstimate(estimate(3.15, 3.09, 3.21), { unit: "×" }), "3.15× [3.09, 3.21]");
});

Deno.test("formatEstimate() says when there is too little data for a bound", () => {
  assert.equal(formatEstimate(estimate(99.271, 90, null)), ">= 99.3, n too small");
  assert.equal(formatEstimate(estimate(0.3124, null, null)), "0.312, n too small");
});

Deno.test("formatEstimate() keeps an interval that says nothing short", () => {
  assert.equal(formatEstimate(estimate(1.2, 0.001, 3.1e15)), "1 [0, 3e15]");
});

Deno.test("formatEstimate() writes no negative zero", () => {
  assert.equal(formatEstimate(estimate(-0.0001, -0.02, 0.02), { sign: true }), "0.00 [−0.02, +0.02]");
});

Deno.test("decimalsFor() keeps one digit of the half-width, two when it begins with 1", () => {
  assert.deepEqual([0.35, 0.1, 0.19, 0.2, 1.2, 5, 40, 0.00004].map(decimalsFor), [1, 2, 2, 1, 1, 0, 0, 5]);
});

Deno.test("formatNumber() has three significant digits", () => {
  assert.deepEqual([47.123, 0.00123, 1234.6, 0, 0.31].map((x) => formatNumber(x)), [
    "47.1",
    "0.00123",
    "1235",
    "0",
    "0.310",
  ]);
});

Deno.test("estimateParts() splits point and interval for aligned columns", () => {
  assert.deepEqual(estimateParts(estimate(12.4, 12.1, 12.8)), { point: "12.4", interval: "[12.1, 12.8]" });
});
