import assert from "node:assert/strict";
import { meanInterval } from "../../lib/stats/mean_interval.ts";
import { itemsForDifference, unitsForWidth } from "../../lib/stats/planning.ts";
import { seededRandom } from "../../lib/stats/random.ts";
import { mean, sampleStd } from "../../lib/stats/summary.ts";

Deno.test("unitsForWidth() gives the first n whose interval is narrow enough", () => {
  const pilot = [0.01, -0.01, 0.02, -0.02, 0, 0.005];
  const { high, point } = meanInterval(pilot);
  assert.equal(unitsForWidth(pilot, high - point + 1e-12), 6);
  assert.equal(unitsForWidth(pilot, high - point - 1e-6), 7);
  assert.ok(unitsForWidth(pilot, 0.005, { comparisons: 10 }) > unitsForWidth(pilot, 0.005));
  const many = unitsForWidth(pilot, 1e-10), normal = (1.959964 * sampleStd(pilot) / 1e-10) ** 2; // above 2^53
  assert.ok(Math.abs(many / normal - 1) < 1e-5, `${many} of ${normal}`);
  assert.throws(() => unitsForWidth(pilot, 0), /width must be positive, got 0/);
});

Deno.test("itemsForDifference() gives the n at which a paired z test finds the difference in 80 % of experiments", () => {
  // 10 % of the items are won and 5 % lost: a difference of 0.05 with variance 0.15 - 0.05^2
  const n = itemsForDifference(0.15 - 0.05 ** 2, 0.05), random = seededRandom(1);
  assert.equal(n, Math.ceil((1.959964 + 0.841621) ** 2 * 0.1475 / 0.0025));
  const experiments = 2000;
  let found = 0;
  for (let e = 0; e < experiments; e++) {
    const items = Array.from({ length: n }, () => {
      const u = random.next();
      return u < 0.1 ? 1 : u < 0.15 ? -1 : 0;
    });
    if (Math.abs(mean(items)) > 1.959964 * sampleStd(items) / Math.sqrt(n)) found++;
  }
  assert.ok(Math.abs(found / experiments - 0.8) < 0.03, `${found} of ${experiments}`);
  assert.throws(() => itemsForDifference(0, 0.01), /positive variance/);
});
