/** A factor that is itself an estimate, e.g. how many bytes a token stands for, and a ratio that is multiplied by it. */
import { clusteredMean } from "./clustered.ts";
import type { Estimate } from "./estimate.ts";
import {
  exponentialInterval,
  meanInterval,
  type MeanOptions,
  stoppedByWidthFactor,
  tInterval,
} from "./mean_interval.ts";
import { isBounded, usablePositive } from "./usable.ts";

/** ln of a factor, its standard error, and the degrees of freedom of that; an exact factor has the error 0. */
export interface LogFactor {
  log: number;
  stderr: number;
  df: number;
}

/** A factor that is known, e.g. of one text's tokens. */
export function exactFactor(factor: number): LogFactor {
  return { log: Math.log(factor), stderr: 0, df: Infinity };
}

/**
 * ln of a ratio of two totals over the same units, e.g. of two tokenizers' tokens over the same texts. By the delta
 * method the error is that of the mean of numerator / mean numerator - denominator / mean denominator, summed by cluster
 * (Cochran 1977, section 6.3, on logarithms), so what a long text adds to both totals cancels.
 *
 * @param clusters One key a unit.
 * @throws {RangeError} With fewer than two clusters, or a total that is not positive.
 * @example Texts whose tokens stand in one proportion tell it exactly
 * ```ts
 * import assert from "node:assert/strict";
 * import { logRatioOfTotals } from "./log_factor.ts";
 *
 * const { log, stderr } = logRatioOfTotals([20, 40, 90], [10, 20, 45], ["a", "b", "c"]);
 * assert.deepEqual([log, stderr], [Math.log(2), 0]);
 * ```
 */
export function logRatioOfTotals(
  numerators: readonly number[],
  denominators: readonly number[],
  clusters: readonly string[],
): LogFactor {
  const [above, below] = [numerators, denominators].map((values) => values.reduce((a, b) => a + b, 0));
  if (!(above > 0 && below > 0) || numerators.length !== denominators.length) {
    throw new RangeError(
      `Cannot compute a ratio of totals: needs as many numerators as denominators with positive totals, got ` +
        `${numerators.length} and ${denominators.length} with ${above} and ${below}`,
    );
  }
  const n = numerators.length;
  const { stderr } = clusteredMean(numerators.map((x, i) => n * (x / above - denominators[i] / below)), clusters);
  return { log: Math.log(above / below), stderr, df: new Set(clusters).size - 1 };
}

/**
 * exp(mean + factor) of logarithms over independent units, e.g. a speed-up in tokens times the ratio of bytes a token.
 * The two errors are independent, so their squares add up, with Welch and Satterthwaite's degrees of freedom. An exact
 * factor moves point and bounds and leaves the interval's width.
 */
export function scaledInterval(
  units: readonly number[],
  factor: LogFactor,
  options: MeanOptions = {},
): Estimate & { low: number; high: number } {
  if (factor.stderr === 0) return exponentialInterval(units.map((unit) => unit + factor.log), options);
  const { point, stderr } = meanInterval(units, options), n = units.length;
  const own = (options.stoppedByWidth ? stoppedByWidthFactor(n) * stderr : stderr) ** 2, other = factor.stderr ** 2;
  const df = (own + other) ** 2 / (own ** 2 / (n - 1) + other ** 2 / factor.df);
  const { low, high, level } = tInterval(point + factor.log, Math.sqrt(own + other), df, n, options);
  const ratio = Math.exp(point + factor.log);
  return {
    point: ratio,
    low: Math.exp(low),
    high: Math.exp(high),
    level,
    n,
    stderr: ratio * Math.hypot(stderr, factor.stderr),
  };
}

/** The same, where it says something: null with fewer than two units, or with bounds that are no interval (`usablePositive`). */
export function usableScaledInterval(
  units: readonly number[],
  factor: LogFactor,
  options: MeanOptions = {},
): (Estimate & { low: number; high: number }) | null {
  if (units.length < 2) return null;
  const ratio = usablePositive(scaledInterval(units, factor, options));
  return isBounded(ratio) ? ratio : null;
}
