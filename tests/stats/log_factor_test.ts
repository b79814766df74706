import assert from "node:assert/strict";
import { exactFactor, type LogFactor, logRatioOfTotals, scaledInterval } from "../../lib/stats/log_factor.ts";
import { seededRandom } from "../../lib/stats/random.ts";
import { exponentialInterval } from "../../lib/stats/mean_interval.ts";

const near = (got: number, want: number, within = 1e-9) =>
  assert.ok(Math.abs(got - want) <= within, `${got}, not ${want}`);

Deno.test("ln of a ratio of totals and its error, by hand", () => {
  // residuals 2 (10/30 - 5/25) = 4/15 and -4/15; stderr^2 = 2/1 * 2 (4/15)^2 / 2^2
  const { log, stderr, df } = logRatioOfTotals([10, 20], [5, 20], ["a", "b"]);
  near(log, Math.log(30 / 25));
  near(stderr, 4 / 15);
  assert.equal(df, 1);
});

Deno.test("texts of one source are one unit, and what a long text adds to both totals cancels", () => {
  const apart = logRatioOfTotals([10, 12, 30, 36], [5, 5, 15, 15], ["a", "b", "c", "d"]);
  const together = logRatioOfTotals([22, 66], [10, 30], ["a", "b"]);
  near(logRatioOfTotals([10, 12, 30, 36], [5, 5, 15, 15], ["a", "a", "b", "b"]).stderr, together.stderr);
  assert.ok(together.stderr < 1e-12 && apart.stderr > 0.03); // each source holds the same mixture
  assert.throws(() => logRatioOfTotals([1, 2], [1, 2], ["a", "a"]), /at least 2 clusters, got 1/);
  assert.throws(() => logRatioOfTotals([0, 0], [1, 2], ["a", "b"]), /positive totals, got 2 and 2 with 0 and 3/);
});

Deno.test("an exact factor moves point and bounds and leaves the width", () => {
  const units = [0.01, -0.02, 0.03, 0.005, 0, 0.02], plain = exponentialInterval(units);
  for (const stoppedByWidth of [false, true]) {
    const twice = scaledInterval(units, exactFactor(2), { stoppedByWidth, comparisons: 3 });
    const once = exponentialInterval(units, { stoppedByWidth, comparisons: 3 });
    near(twice.point, 2 * once.point);
    near(twice.low, 2 * once.low);
    near(twice.high, 2 * once.high);
  }
  near(scaledInterval(units, exactFactor(1)).low, plain.low);
});

Deno.test("two errors of one size and five degrees of freedom each: wider by the root of 2, with ten", () => {
  const units = [-2, -1, 0, 0, 1, 2].map((x) => x / 100), se = Math.sqrt(10 / 5 / 6) / 100;
  const { point, low, high, stderr } = scaledInterval(units, { log: Math.log(3), stderr: se, df: 5 });
  near(point, 3);
  near(Math.log(high / 3), 2.228138852 * Math.SQRT2 * se, 1e-8); // t(0.975, 10)
  near(Math.log(3 / low), 2.228138852 * Math.SQRT2 * se, 1e-8);
  near(stderr!, 3 * Math.SQRT2 * se);
});

/**
 * A speed-up in bytes whose truth is known: two models of equal speed in tokens, the first of whose tokens hold 1.15
 * times the bytes. Six blocks, and texts of several sources whose share of hard words moves both tokenizers' counts.
 */
function covered(seed: number, { spread, sources }: { spread: number; sources: number }): boolean {
  const random = seededRandom(seed);
  const units = Array.from({ length: 6 }, () => spread * random.normal());
  const first: number[] = [], second: number[] = [], keys: string[] = [];
  for (let source = 0; source < sources; source++) {
    const topic = 0.08 * random.normal();
    for (let i = 0; i < 3; i++) {
      const bytes = 300 * Math.exp(0.5 * random.normal());
      const hard = 0.1 * random.normal(), own = topic + 0.05 * random.normal();
      first.push(bytes / 4.6 * Math.exp(hard));
      second.push(bytes / 4 * Math.exp(hard + own - (0.08 ** 2 + 0.05 ** 2) / 2)); // the mean of exp(own) is 1
      keys.push(String(source));
    }
  }
  const factor: LogFactor = logRatioOfTotals(second, first, keys);
  const { low, high } = scaledInterval(units, factor);
  return low <= 1.15 && 1.15 <= high;
}

for (
  const [what, settings] of Object.entries({
    "the texts tell most": { spread: 0.002, sources: 20 },
    "the rounds tell most": { spread: 0.05, sources: 60 },
    "both tell as much": { spread: 0.03, sources: 40 },
  })
) {
  Deno.test(`95 % intervals in bytes cover the truth in 95 % of 1,500 runs where ${what}`, () => {
    const runs = 1500, hits = Array.from({ length: runs }, (_, i) => covered(i, settings)).filter(Boolean).length;
    const share = hits / runs;
    assert.ok(share > 0.93 && share < 0.97, `${(100 * share).toFixed(1)} %`); // its standard error is 0.6 points
  });
}
