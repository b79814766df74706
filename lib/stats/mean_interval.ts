/** Student's t interval of a mean, and the correction for many intervals at once. */
import { requireData, requireLevel } from "./check.ts";
import { tQuantile } from "./distributions.ts";
import type { Estimate } from "./estimate.ts";
import { mean, sampleStd } from "./summary.ts";

export interface LevelOptions {
  /** Coverage of the interval, or of the whole family of intervals. Default 0.95. */
  level?: number;
  /** How many intervals shall hold together (Bonferroni). Default 1. */
  comparisons?: number;
}

/**
 * The level of one interval such that all of `comparisons` hold together with `level`:
 * Bonferroni's 1 - (1 - level) / m, valid whatever the dependence.
 */
export function simultaneousLevel(options: LevelOptions = {}): number {
  const { level = 0.95, comparisons = 1 } = options;
  requireLevel("a simultaneous level", level);
  if (!Number.isInteger(comparisons) || comparisons < 1) {
    throw new RangeError(
      `Cannot compute a simultaneous level: comparisons must be an integer >= 1, got ${comparisons}`,
    );
  }
  return 1 - (1 - level) / comparisons;
}

export interface MeanOptions extends LevelOptions {
  /**
   * How many of the first units decided how many there are (`steinUnits`): their spread alone counts then, with its
   * degrees of freedom. Default: the number of units was fixed beforehand, and all count.
   */
  pilot?: number;
}

/**
 * mean +- t(n - 1) * s / sqrt(n) over independent units. `level` in the result is that of the family.
 *
 * Where the spread decided how long to measure, that interval is too narrow: it stops just when the spread looks small
 * (6-7 % misses instead of 5 %). With `pilot` it is Stein's two-stage interval, mean +- t(pilot - 1) * s(pilot) / sqrt(n),
 * which is exact (Stein 1945, Annals of Mathematical Statistics 16).
 *
 * @throws {RangeError} With fewer than two values: one has no spread.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { meanInterval } from "./mean_interval.ts";
 *
 * const { point, low, high } = meanInterval([9, 10, 11]);
 * assert.equal(point, 10);
 * assert.ok(low < 9 && high > 11); // three values say little: +- 2.48
 * ```
 */
export function meanInterval(
  values: readonly number[],
  options: MeanOptions = {},
): Estimate & { low: number; high: number; stderr: number } {
  requireData("the interval of a mean", values, 2);
  const first = values.slice(0, Math.max(2, options.pilot ?? values.length));
  const stderr = sampleStd(first) / Math.sqrt(values.length);
  return tInterval(mean(values), stderr, first.length - 1, values.length, options);
}

/** point +- t(df) * stderr, as an estimate over `n` units. */
export function tInterval(point: number, stderr: number, df: number, n: number, options: LevelOptions = {}) {
  const half = tQuantile(0.5 + simultaneousLevel(options) / 2, df) * stderr;
  return { point, low: point - half, high: point + half, level: options.level ?? 0.95, n, stderr };
}
