import assert from "node:assert/strict";
import { clusteredMean, clusteredRatio } from "../../lib/stats/clustered.ts";

const near = (got: number, want: number) => assert.ok(Math.abs(got - want) < 1e-12, `${got}, not ${want}`);

Deno.test("clusteredRatio() is the ratio of the sums, its error that of Cochran's formula 2.39", () => {
  const y = [3, 5, 4, 9], x = [1, 2, 2, 3], n = 4;
  const { point, stderr } = clusteredRatio(y, x, ["a", "b", "c", "d"]);
  near(point, 21 / 8);
  // s^2 of the residuals y - R x over n - 1, stderr = s / (sqrt(n) mean(x))
  const squares = y.reduce((sum, v, i) => sum + (v - 21 / 8 * x[i]) ** 2, 0);
  near(stderr, Math.sqrt(squares / (n - 1) / n) / 2);
});

Deno.test("clusteredRatio() with equal denominators is a clustered mean; units of one cluster go together", () => {
  const y = [1, 2, 4, 4, 7, 9], clusters = ["a", "a", "b", "b", "c", "c"];
  const ratio = clusteredRatio(y, y.map(() => 1), clusters), mean = clusteredMean(y, clusters);
  near(ratio.point, mean.point);
  near(ratio.stderr, mean.stderr);
  assert.equal(ratio.n, 3);
});

Deno.test("clusteredRatio() refuses unequal lengths and an empty sum", () => {
  assert.throws(() => clusteredRatio([1, 2], [1], ["a", "b"]), /as many denominators/);
  assert.throws(() => clusteredRatio([1, 2], [0, 0], ["a", "b"]), /positive sum/);
});
