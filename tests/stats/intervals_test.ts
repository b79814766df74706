import assert from "node:assert/strict";
import { bootstrapInterval } from "../../lib/stats/bootstrap.ts";
import { clusteredMean, stratifiedMean } from "../../lib/stats/clustered.ts";
import { lmEvalGroupStderr, lmEvalStderr } from "../../lib/stats/lm_eval_stderr.ts";
import { meanInterval, simultaneousLevel } from "../../lib/stats/mean_interval.ts";
import { percentileInterval } from "../../lib/stats/percentile.ts";
import {
  mcNemarExact,
  pairedProportionInterval,
  wilsonFromStderr,
  wilsonInterval,
} from "../../lib/stats/proportion.ts";
import { ratioOverBlocks } from "../../lib/stats/ratio.ts";
import { mean } from "../../lib/stats/summary.ts";

const near = (got: number | null, want: number, by = 1e-10) =>
  assert.ok(Math.abs(got! - want) <= by, `${got}, expected ${want}`);
const share = (ones: number, n: number) => Array.from({ length: n }, (_, i) => i < ones ? 1 : 0);

Deno.test("lm-eval's stderr of a mean and of a group, golden numbers of lm-evaluation-harness", () => {
  near(lmEvalStderr(share(30, 100)), 0.04605661864718382, 1e-16);
  near(lmEvalStderr(share(60, 200)), 0.03248501780682221, 1e-16);
  near(
    lmEvalGroupStderr([{ n: 100, stderr: 0.04605661864718382 }, { n: 200, stderr: 0.03248501780682221 }]),
    0.026546148243712965,
    1e-16,
  );
});

Deno.test("stratifiedMean() has the stderr of lm-eval's group", () => {
  const values = [...share(30, 100), ...share(60, 200)];
  const { point, stderr } = stratifiedMean(values, values.map((_, i) => i < 100 ? "a" : "b"));
  near(point, 0.3);
  near(stderr, 0.026546148243712965, 1e-15);
  assert.throws(() => stratifiedMean([1, 2], ["a", "b"]), /each of the 2 strata has one item/);
});

Deno.test("clusteredMean() with one item a cluster is the ordinary stderr; with copies it does not shrink", () => {
  const x = share(30, 100), ids = x.map((_, i) => i);
  near(clusteredMean(x, ids).stderr, 0.04605661864718382);
  near(clusteredMean([...x, ...x, ...x], [...ids, ...ids, ...ids]).stderr, 0.04605661864718382);
  assert.throws(() => clusteredMean([1, 2], ["a", "a"]), /at least 2 clusters/);
});

Deno.test("meanInterval() of 1..6 is 3.5 +- 2.5706 * 0.7638, wider for several comparisons", () => {
  const x = [1, 2, 3, 4, 5, 6];
  near(meanInterval(x).high, 3.5 + 2.5705818356363146 * Math.sqrt(3.5 / 6));
  near(simultaneousLevel({ comparisons: 5 }), 0.99);
  assert.ok(meanInterval(x, { comparisons: 5 }).high > meanInterval(x).high);
  assert.throws(() => meanInterval([1]), /at least 2 values/);
  assert.throws(() => meanInterval(x, { level: 95 }), /got 95/);
});

Deno.test("ratioOverBlocks() weighs blocks equally and takes the block as unit", () => {
  const rounds = [{ block: 0, candidate: 4, baseline: 2 }, { block: 0, candidate: 4, baseline: 2 }, {
    block: 1,
    candidate: 8,
    baseline: 1,
  }];
  const ratio = ratioOverBlocks(rounds);
  near(ratio.point, 4, 1e-12); // sqrt(2 * 8)
  assert.equal(ratio.n, 2);
  assert.throws(() => ratioOverBlocks(rounds.slice(0, 2)), /at least 2 values, got 1/);
  assert.throws(() => ratioOverBlocks([{ block: 0, candidate: 0, baseline: 1 }]), /must be positive/);
});

Deno.test("wilsonInterval() agrees with scipy.stats.binomtest(...).proportion_ci('wilson')", () => {
  near(wilsonInterval(36, 100).low, 0.2727122040140433);
  near(wilsonInterval(36, 100).high, 0.4576459754839127);
  near(wilsonInterval(0, 10).high, 0.27753279986288926);
  near(wilsonInterval(10, 10).low, 0.7224672001371109);
  assert.throws(() => wilsonInterval(11, 10), /11 of 10/);
  assert.deepEqual(wilsonFromStderr(0.36, Math.sqrt(0.36 * 0.64 / 100), 100).low, wilsonInterval(36, 100).low);
  assert.ok(wilsonFromStderr(0.36, 0.1, 100).low! < wilsonInterval(36, 100).low!);
});

Deno.test("pairedProportionInterval() agrees with Tango's score statistic maximised numerically in SciPy", () => {
  for (
    const [gained, lost, n, low, high] of [
      [9, 3, 50, -0.017798414686, 0.262725502633],
      [0, 0, 20, -0.161125162871, 0.161125158053],
      [1, 6, 100, -0.116487466391, 0.002472162350],
      [5, 0, 25, 0.040169300448, 0.391309503695],
    ]
  ) {
    near(pairedProportionInterval(gained, lost, n).low, low, 1e-6);
    near(pairedProportionInterval(gained, lost, n).high, high, 1e-6);
  }
});

Deno.test("mcNemarExact() agrees with SciPy's binomial test", () => {
  near(mcNemarExact(10, 2), 0.03857421875);
  assert.equal(mcNemarExact(5, 5), 1);
  near(mcNemarExact(0, 6), 0.03125);
  assert.equal(mcNemarExact(0, 0), 1);
});

Deno.test("percentileInterval() has an upper bound from 72 samples on for p95 and from 368 on for p99", () => {
  const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);
  assert.equal(percentileInterval(upTo(71), 0.95).high, null);
  assert.equal(percentileInterval(upTo(72), 0.95).high, 71);
  assert.equal(percentileInterval(upTo(367), 0.99).high, null);
  assert.equal(percentileInterval(upTo(368), 0.99).high, 367);
  const { low, high } = percentileInterval(upTo(100), 0.5); // ranks 40 and 61: tables of Conover
  assert.deepEqual([low, high], [39, 60]);
  assert.deepEqual(percentileInterval([3], 0.5), { point: 3, low: null, high: null, level: 0.95, n: 1 });
});

Deno.test("bootstrapInterval() draws clusters: three copies of each item do not narrow it", () => {
  const items = Array.from({ length: 40 }, (_, i) => (i * 37) % 40);
  const single = bootstrapInterval(items.map((x) => [x]), mean, { seed: 1, resamples: 2000 });
  const copies = bootstrapInterval(items.map((x) => [x, x, x]), mean, { seed: 1, resamples: 2000 });
  assert.deepEqual([copies.low, copies.high], [single.low, single.high]);
  assert.ok(single.low! < single.point && single.point < single.high!);
  near(single.stderr!, Math.sqrt((40 ** 2 - 1) / 12 / 40), 0.06);
});
