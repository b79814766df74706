/** From a pilot: how many units an interval of a wanted width, or a test of a wanted power, takes. */
import { requireData } from "./check.ts";
import { normalQuantile, tQuantile } from "./distributions.ts";
import { type MeanOptions, simultaneousLevel, stoppedByWidthFactor } from "./mean_interval.ts";
import { sampleStd } from "./summary.ts";

/** Beyond 2^53 whole numbers are no longer one apart, so a search ends at this share. */
const FINEST = 1e-12;

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
  while (high - low > Math.max(1, high * FINEST)) {
    const middle = Math.floor((low + high) / 2);
    if (wideAt(middle)) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * Items that a paired, two-sided z test needs to find a true difference: (z(1 - alpha / 2) + z(power))^2 * variance /
 * difference^2, rounded up (Miller 2024, "Adding error bars to evals", section 5, with one sample an item).
 *
 * @param variance Of one item's paired difference; of clustered items stderr^2 * n, which holds what clusters add.
 * @param difference The smallest difference that matters, on the scale of the items: 0.01 is a point of accuracy.
 * @param options.power Chance of finding it. Default 0.8.
 * @param options.level Of the interval that goes with the test, 1 - alpha. Default 0.95.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { itemsForDifference } from "./planning.ts";
 *
 * // a tenth of the items changes, as many won as lost: variance 0.1; (1.95996 + 0.84162)^2 * 0.1 / 0.0001
 * assert.equal(itemsForDifference(0.1, 0.01), 7849);
 * ```
 */
export function itemsForDifference(
  variance: number,
  difference: number,
  options: { power?: number; level?: number } = {},
): number {
  const { power = 0.8, level = 0.95 } = options;
  if (!(variance > 0 && Number.isFinite(variance) && difference > 0)) {
    throw new RangeError(
      `Cannot plan: needs a positive variance and difference, got ${variance} and ${difference}`,
    );
  }
  const z = normalQuantile(0.5 + level / 2) + normalQuantile(power);
  return Math.ceil(z * z * variance / difference ** 2);
}
