import assert from "node:assert/strict";
import { geometricMean } from "../../lib/stats/geometric_mean.ts";

Deno.test("geometricMean() of 1 and 4 is 2; one value has no bounds", () => {
  const { point, low, high } = geometricMean([1, 4]);
  assert.ok(Math.abs(point - 2) < 1e-12 && low! < 1 && high! > 4);
  assert.deepEqual(geometricMean([3]), { point: 3, low: null, high: null, level: 0.95, n: 1 });
  assert.throws(() => geometricMean([1, 0]), /positive, got 0/);
});
