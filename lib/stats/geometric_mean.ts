/** The mean of speeds: on logarithms, so that the ratio of two means is the mean of the ratios. */
import { checkOptions } from "../check/options.ts";
import { requireData } from "./check.ts";
import type { Estimate } from "./estimate.ts";
import { exponentialInterval, LEVEL_OPTIONS, type LevelOptions } from "./mean_interval.ts";

/**
 * exp(mean of ln x) with the t interval of the logarithms.
 *
 * @param values Positive, independent units.
 * @returns With a single value there are no bounds (null).
 * @throws {RangeError} If there is no value, or one is not positive.
 */
export function geometricMean(values: readonly number[], options: LevelOptions = {}): Estimate {
  requireData("a geometric mean", values, 1);
  checkOptions("Cannot compute a geometric mean", options, LEVEL_OPTIONS);
  const bad = values.find((x) => !(x > 0));
  if (bad !== undefined) {
    throw new RangeError(`Cannot compute a geometric mean: every value must be positive, got ${bad}`);
  }
  const logs = values.map(Math.log);
  if (logs.length < 2) return { point: values[0], low: null, high: null, level: options.level ?? 0.95, n: 1 };
  return exponentialInterval(logs, options);
}
