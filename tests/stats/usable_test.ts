import assert from "node:assert/strict";
import { meanInterval } from "../../lib/stats/mean_interval.ts";
import { ratioOverBlocks, usableRatioOverBlocks } from "../../lib/stats/ratio.ts";
import { isBounded, SHARE, SHARE_DIFFERENCE, usableOn, usablePositive } from "../../lib/stats/usable.ts";

const estimate = (point: number, low: number | null, high: number | null) => ({ point, low, high, level: 0.95, n: 2 });
const bounds = ({ low, high }: { low: number | null; high: number | null }) => [low, high];
const pairs = (ratios: number[]) => ratios.map((candidate, block) => ({ block, candidate, baseline: 1 }));

Deno.test("two blocks that disagree give bounds over many orders of magnitude: too few blocks", () => {
  // t(1) at 97.5 % is 12.706: exp(+-12.706 * ln(e) / 2) of blocks at e^0.5 and e^-0.5 is e^+-6.353 = 574 either way
  const wild = ratioOverBlocks(pairs([Math.exp(0.5), Math.exp(-0.5)]));
  assert.ok(Math.abs(wild.high - Math.exp(6.353)) < 1 && Math.abs(wild.low - Math.exp(-6.353)) < 1e-3);
  assert.equal(usableRatioOverBlocks(pairs([Math.exp(0.5), Math.exp(-0.5)])), null);
  assert.equal(usableRatioOverBlocks(pairs([2])), null);
  const agreeing = pairs([2, 2.02]);
  assert.deepEqual(usableRatioOverBlocks(agreeing), ratioOverBlocks(agreeing));
});

Deno.test("usablePositive() keeps bounds within a factor of 100, and none that reach zero", () => {
  assert.deepEqual(bounds(usablePositive(estimate(1, 0.1, 10))), [0.1, 10]);
  assert.deepEqual(bounds(usablePositive(estimate(1, 0.1, 10.1))), [null, null]);
  assert.deepEqual(bounds(usablePositive(estimate(0.7, -0.2, 1.6))), [null, null]);
  assert.deepEqual(bounds(usablePositive(estimate(0.7, 0.6, null))), [0.6, null]); // open above: said elsewhere
});

Deno.test("a difference of shares is cut at 100 points, and left out where it is wider than the scale", () => {
  const two = meanInterval([0.5, 0]); // two clusters: 0.25 +- 12.706 * 0.25
  assert.ok(two.low < -2.9 && two.high > 3.4);
  const shown = usableOn(two, SHARE_DIFFERENCE);
  assert.deepEqual([shown.point, ...bounds(shown), shown.stderr], [0.25, null, null, two.stderr]);
  assert.deepEqual(bounds(usableOn(estimate(0.97, 0.9, 1.04), SHARE_DIFFERENCE)), [0.9, 1]);
  assert.deepEqual(bounds(usableOn(estimate(0, -0.49, 0.5), SHARE_DIFFERENCE)), [-0.49, 0.5]);
  assert.deepEqual(bounds(usableOn(estimate(0, -0.5, 0.5), SHARE_DIFFERENCE)), [null, null]);
  assert.deepEqual(bounds(usableOn(estimate(0.5, 0, 1), SHARE)), [null, null]);
  assert.equal(isBounded(usableOn(estimate(2, 1.5, 2.2), SHARE)), false); // outside altogether
});
