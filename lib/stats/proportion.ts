/** Intervals of proportions that also hold at 0 and at all, and the exact test of paired ones. */
import { bisect } from "./beta.ts";
import { requireLevel } from "./check.ts";
import { binomialCdf, normalQuantile } from "./distributions.ts";
import type { Estimate } from "./estimate.ts";
import { type LevelOptions, simultaneousLevel } from "./mean_interval.ts";

type WithBounds = Estimate & { low: number; high: number };

function requireCounts(what: string, counts: number[], n: number): void {
  if (
    !Number.isInteger(n) || n < 1 || counts.some((c) => !Number.isInteger(c) || c < 0) ||
    counts.reduce((a, b) => a + b) > n
  ) {
    throw new RangeError(`Cannot compute ${what}: needs whole counts within n >= 1, got ${counts.join(", ")} of ${n}`);
  }
}

/**
 * Wilson's score interval (1927) of `successes` out of `n` independent items.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { wilsonInterval } from "./proportion.ts";
 *
 * const { low, high } = wilsonInterval(0, 10);
 * assert.ok(low === 0 && high > 0.27 && high < 0.28); // 0 of 10 does not mean never
 * ```
 */
export function wilsonInterval(successes: number, n: number, options: LevelOptions = {}): WithBounds {
  requireCounts("a Wilson interval", [successes], n);
  const { low, high } = wilsonBounds(successes / n, n, simultaneousLevel(options));
  return { point: successes / n, low, high, level: options.level ?? 0.95, n };
}

/**
 * Wilson's interval for a share from clustered or stratified items: the effective sample size share (1 - share) /
 * stderr^2 takes the place of n (never more than n), so that dependence widens it.
 */
export function wilsonFromStderr(share: number, stderr: number, n: number, options: LevelOptions = {}): WithBounds {
  if (!(share >= 0 && share <= 1 && stderr >= 0)) {
    throw new RangeError(
      `Cannot compute a Wilson interval: needs a share in [0, 1] and stderr >= 0, got ${share} and ${stderr}`,
    );
  }
  const effective = stderr > 0 ? Math.min(n, Math.max(1, share * (1 - share) / stderr ** 2)) : n;
  const { low, high } = wilsonBounds(share, effective, simultaneousLevel(options));
  return { point: share, low, high, level: options.level ?? 0.95, n, stderr };
}

function wilsonBounds(p: number, n: number, level: number) {
  requireLevel("a Wilson interval", level);
  const z2 = normalQuantile(0.5 + level / 2) ** 2;
  const centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const half = Math.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n);
  return {
    low: p === 0 ? 0 : Math.max(0, Math.min(p, centre - half)),
    high: p === 1 ? 1 : Math.min(1, Math.max(p, centre + half)),
  };
}

/**
 * Difference of two paired proportions, (gained - lost) / n, with Tango's score interval (1998, Statistics in
 * Medicine 17, eq. 4). It does not collapse when no item, or few, changed: 0 of 20 changed gives +-16 points.
 *
 * @param gained Items that only the candidate has right.
 * @param lost Items that only the baseline has right.
 */
export function pairedProportionInterval(
  gained: number,
  lost: number,
  n: number,
  options: LevelOptions = {},
): WithBounds {
  requireCounts("a paired difference of proportions", [gained, lost], n);
  const z = normalQuantile(0.5 + simultaneousLevel(options) / 2);
  const score = (d: number) => { // decreasing in d; the root of its quadratic is the constrained estimate of the loss rate
    const a = 2 * n, b = -gained - lost + (2 * n - gained + lost) * d, c = -lost * d * (1 - d);
    const q = (Math.sqrt(Math.max(0, b * b - 4 * a * c)) - b) / (2 * a);
    const variance = n * (2 * q + d * (1 - d));
    const top = gained - lost - n * d;
    return variance > 0 ? top / Math.sqrt(variance) : Math.sign(top) * Infinity || 0;
  };
  const point = (gained - lost) / n;
  const low = point <= -1 ? -1 : bisect((d) => z - score(d), -1, point);
  const high = point >= 1 ? 1 : bisect((d) => -score(d) - z, point, 1);
  return { point, low: Math.min(low, point), high: Math.max(high, point), level: options.level ?? 0.95, n };
}

/**
 * Exact McNemar test of two models on the same independent items: two-sided binomial test of the items on which
 * they differ. Not for clustered items.
 *
 * @returns The p value; 1 when they differ on none.
 */
export function mcNemarExact(gained: number, lost: number): number {
  requireCounts("McNemar's test", [gained, lost], Math.max(1, gained + lost));
  return Math.min(1, 2 * binomialCdf(Math.min(gained, lost), gained + lost, 0.5));
}
