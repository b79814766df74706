/**
 * Which intervals say something. Too little data gives intervals that are right and useless, or that hold values which
 * cannot be: a t interval from two blocks reaches over any factor, one from two clusters over more than 100 points. Such
 * bounds are left out (null: too little data), and no verdict rests on them; the samples stay where they were.
 */
import type { Estimate } from "./estimate.ts";

/**
 * Bounds of a ratio further apart than this factor are no interval: not even the order of magnitude is known (from a
 * tenth to ten times). No two models that one would compare by rounds are that far from what is known of them before.
 */
export const WIDEST_RATIO = 100;

/** The values that a quantity can have. */
export interface Scale {
  least: number;
  most: number;
  /** An interval at least this wide says nothing. Default: `most` - `least`. */
  width?: number;
}

/** A share or an accuracy. An interval from none to all says nothing. */
export const SHARE: Scale = { least: 0, most: 1 };
/** A difference of two shares: wider than the scale of the shares themselves it could not tell all from nothing. */
export const SHARE_DIFFERENCE: Scale = { least: -1, most: 1, width: 1 };

/**
 * A quantity above zero, such as a ratio, a speed, a time or bits per byte: without bounds that lie further apart than
 * `WIDEST_RATIO`, or reach zero.
 */
export function usablePositive<E extends Estimate>(estimate: E): E {
  const { low, high } = estimate;
  return low === null || high === null || (low > 0 && high <= WIDEST_RATIO * low) ? estimate : unbounded(estimate);
}

/**
 * A quantity on a scale: what lies outside is cut off, which costs no coverage, since the truth lies inside; bounds that
 * were as wide as the scale, or outside altogether, are left out.
 *
 * @example A difference of accuracies from two clusters, and one from fifty
 * ```ts
 * import assert from "node:assert/strict";
 * import { SHARE_DIFFERENCE, usableOn } from "./usable.ts";
 *
 * const two = usableOn({ point: 0.25, low: -1.73, high: 2.23, level: 0.95, n: 2 }, SHARE_DIFFERENCE);
 * assert.deepEqual([two.point, two.low, two.high], [0.25, null, null]);
 * const fifty = usableOn({ point: 0.98, low: 0.94, high: 1.02, level: 0.95, n: 50 }, SHARE_DIFFERENCE);
 * assert.deepEqual([fifty.low, fifty.high], [0.94, 1]);
 * ```
 */
export function usableOn<E extends Estimate>(estimate: E, { least, most, width = most - least }: Scale): E {
  const { low, high } = estimate;
  if (low === null || high === null) return estimate;
  if (high - low >= width || low > most || high < least) return unbounded(estimate);
  return { ...estimate, low: Math.max(low, least), high: Math.min(high, most) };
}

/** Whether there is an interval at all. */
export function isBounded(estimate: Estimate | null): estimate is Estimate & { low: number; high: number } {
  return estimate !== null && estimate.low !== null && estimate.high !== null;
}

function unbounded<E extends Estimate>(estimate: E): E {
  return { ...estimate, low: null, high: null };
}
