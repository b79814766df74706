import assert from "node:assert/strict";
import { meanInterval } from "../../lib/stats/mean_interval.ts";
import { steinUnits, unitsForWidth } from "../../lib/stats/planning.ts";

Deno.test("unitsForWidth() gives the first n whose interval is narrow enough", () => {
  const pilot = [0.01, -0.01, 0.02, -0.02, 0, 0.005];
  const { high, point } = meanInterval(pilot);
  assert.equal(unitsForWidth(pilot, high - point + 1e-12), 6);
  assert.equal(unitsForWidth(pilot, high - point - 1e-6), 7);
  assert.ok(unitsForWidth(pilot, 0.005, { comparisons: 10 }) > unitsForWidth(pilot, 0.005));
  assert.throws(() => unitsForWidth(pilot, 0), /width must be positive, got 0/);
});

Deno.test("steinUnits() gives as many as the two-stage interval needs", () => {
  const pilot = [0.01, -0.01, 0.02, -0.02, 0, 0.005], n = steinUnits(pilot, 0.005); // (2.5706 * 0.014289 / 0.005)^2 = 53.96
  const half = (n: number) => 2.5705818356363146 * 0.014288690166235205 / Math.sqrt(n);
  assert.ok(half(n) <= 0.005 && half(n - 1) > 0.005, `${n}`);
  const all = [...pilot, ...Array(n - 6).fill(0)];
  const { point, high } = meanInterval(all, { pilot: 6 });
  assert.ok(Math.abs(high - point - half(n)) < 1e-12);
  assert.equal(steinUnits(pilot, 1), 6);
});
