/** Percentiles with distribution-free intervals from order statistics. */
import { noOptions } from "../check/options.ts";
import { requireData, requireLevel } from "./check.ts";
import { binomialCdf } from "./distributions.ts";
import type { Estimate } from "./estimate.ts";
import { quantile } from "./summary.ts";

/**
 * The p quantile (type 7) with the two-sided interval [X_(l), X_(u)] whose ranks come from Binomial(n, p)
 * (David and Nagaraja, Order Statistics, 7.1). It has no upper bound while p^n > (1 - level) / 2: at 95 %, p95 needs
 * 72 samples and p99 368; below that `high` is null.
 *
 * @param values Independent samples.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { percentileInterval } from "./percentile.ts";
 *
 * const ms = Array.from({ length: 71 }, (_, i) => i);
 * assert.equal(percentileInterval(ms, 0.95).high, null); // 71 samples are one too few
 * ```
 */
export function percentileInterval(values: readonly number[], p: number, level = 0.95): Estimate {
  noOptions("percentileInterval", arguments, 3);
  requireData("a percentile", values, 1);
  requireLevel("a percentile's interval", level);
  if (!(p > 0 && p < 1)) throw new RangeError(`Cannot compute a percentile: p must lie between 0 and 1, got ${p}`);
  const sorted = values.toSorted((a, b) => a - b), n = sorted.length, tail = (1 - level) / 2;
  let l = 0; // largest rank with P(fewer than l samples below the quantile) <= tail
  while (l < n && binomialCdf(l, n, p) <= tail) l++;
  let u = n + 1; // smallest rank with P(u or more samples below the quantile) <= tail
  while (u > 1 && 1 - binomialCdf(u - 2, n, p) <= tail) u--;
  return {
    point: quantile(sorted, p),
    low: l >= 1 ? sorted[l - 1] : null,
    high: u <= n ? sorted[u - 1] : null,
    level,
    n,
  };
}
