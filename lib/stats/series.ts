/** Samples in time order: how much one tells about the next, and whether they have settled. */
import { requireData } from "./check.ts";
import { mean, median } from "./summary.ts";

/**
 * Autocorrelation at lag 1, r = sum (x_i - m)(x_i+1 - m) / sum (x_i - m)^2. Near 0: samples are independent;
 * near 1: each tells little new, and an interval that takes them as independent is too narrow.
 *
 * @returns 0 when all values are equal.
 */
export function autocorrelation(values: readonly number[]): number {
  requireData("an autocorrelation", values, 3);
  const centre = mean(values);
  let above = 0, below = 0;
  values.forEach((x, i) => {
    below += (x - centre) ** 2;
    if (i) above += (x - centre) * (values[i - 1] - centre);
  });
  return below > 0 ? above / below : 0;
}

/**
 * Whether blocks of warm-up steps have become flat: the median of the last two blocks is within `tolerance` of the
 * median of the two before. With fewer than three blocks the answer is no.
 *
 * @param blocks Time a step of each block, in order.
 * @param tolerance Default 0.05, a twentieth.
 */
export function isFlat(blocks: readonly number[], tolerance = 0.05): boolean {
  if (blocks.length < 3) return false;
  const late = median(blocks.slice(-2)), early = median(blocks.slice(-4, -2));
  return Math.abs(late / early - 1) <= tolerance;
}
