/** Summaries of one sample: centre, spread and quantiles. */
import * as ss from "simple-statistics";
import { requireData } from "./check.ts";

/** Arithmetic mean (compensated sum). */
export function mean(values: readonly number[]): number {
  requireData("a mean", values, 1);
  return ss.mean(values as number[]);
}

/** Sample standard deviation, divisor n - 1. */
export function sampleStd(values: readonly number[]): number {
  requireData("a sample standard deviation", values, 2);
  return ss.sampleStandardDeviation(values as number[]);
}

/** Median; the mean of the two middle values when n is even. */
export function median(values: readonly number[]): number {
  requireData("a median", values, 1);
  return ss.median(values as number[]);
}

/** Median absolute deviation from the median, unscaled (times 1.4826 it estimates a normal's standard deviation). */
export function mad(values: readonly number[]): number {
  requireData("a median absolute deviation", values, 1);
  return ss.medianAbsoluteDeviation(values as number[]);
}

/**
 * Sample quantile of type 7 (Hyndman and Fan 1996; the default of R and NumPy): linear between order statistics
 * at position (n - 1) p. simple-statistics has another type, so it is not used here.
 *
 * @param p Between 0 and 1.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { quantile } from "./summary.ts";
 *
 * assert.equal(quantile([4, 1, 3, 2], 0.25), 1.75);
 * ```
 */
export function quantile(values: readonly number[], p: number): number {
  requireData("a quantile", values, 1);
  if (!(p >= 0 && p <= 1)) throw new RangeError(`Cannot compute a quantile: p must be between 0 and 1, got ${p}`);
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * p;
  const below = Math.floor(at), above = Math.ceil(at);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}
