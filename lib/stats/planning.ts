/** From a pilot: how many more units an interval of a wanted width takes. */
import { requireData } from "./check.ts";
import { tQuantile } from "./distributions.ts";
import { type MeanOptions, simultaneousLevel, stoppedByWidthFactor } from "./mean_interval.ts";
import { sampleStd } from "./summary.ts";

/**
 * Units (blocks) that a t interval of a mean needs for a half-width of at most `width`, if they spread as the pilot's do.
 *
 * @param pilot Units measured so far, e.g. the blocks' mean log ratios.
 * @param width Half-width wanted, on the pilot's scale.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { unitsForWidth } from "./planning.ts";
 *
 * assert.equal(unitsForWidth([-1, 1, -1, 1], 1), 8); // s = 1.155, t(7) = 2.365: 0.97
 * ```
 */
export function unitsForWidth(pilot: readonly number[], width: number, options: MeanOptions = {}): number {
  requireData("the units that an interval needs", pilot, 2);
  if (!(width > 0)) throw new RangeError(`Cannot plan: width must be positive, got ${width}`);
  const s = sampleStd(pilot), p = 0.5 + simultaneousLevel(options) / 2;
  const factor = (n: number) => options.stoppedByWidth ? stoppedByWidthFactor(n) : 1;
  const wideAt = (n: number) => factor(n) * tQuantile(p, n - 1) * s / Math.sqrt(n) > width;
  let low = 1, high = 2; // low is too few, high enough
  while (wideAt(high)) [low, high] = [high, 2 * high];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (wideAt(middle)) low = middle;
    else high = middle;
  }
  return high;
}
