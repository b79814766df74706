import assert from "node:assert/strict";
import { meanInterval } from "../../lib/stats/mean_interval.ts";
import { unitsForWidth } from "../../lib/stats/planning.ts";

Deno.test("unitsForWidth() gives the first n whose interval is narrow enough", () => {
  const pilot = [0.01, -0.01, 0.02, -0.02, 0, 0.005];
  const { high, point } = meanInterval(pilot);
  assert.equal(unitsForWidth(pilot, high - point + 1e-12), 6);
  assert.equal(unitsForWidth(pilot, high - point - 1e-6), 7);
  assert.ok(unitsForWidth(pilot, 0.005, { comparisons: 10 }) > unitsForWidth(pilot, 0.005));
  assert.throws(() => unitsForWidth(pilot, 0), /width must be positive, got 0/);
});
