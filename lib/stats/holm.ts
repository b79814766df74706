/** Holm's correction of p values for many tests. */

/**
 * Holm's step-down adjustment (1979): reject those at or below 0.05 and the chance of any false rejection is at most
 * 5 %, whatever the dependence.
 *
 * @returns Adjusted p values, in the order given.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { holm } from "./holm.ts";
 *
 * assert.deepEqual(holm([0.01, 0.5, 0.02]), [0.03, 0.5, 0.04]);
 * ```
 */
export function holm(pValues: readonly number[]): number[] {
  const bad = pValues.find((p) => !(p >= 0 && p <= 1));
  if (bad !== undefined) throw new RangeError(`Cannot adjust p values: each must lie in [0, 1], got ${bad}`);
  const order = pValues.map((_, i) => i).sort((i, j) => pValues[i] - pValues[j]);
  const adjusted: number[] = [];
  let running = 0;
  order.forEach((i, rank) => {
    running = Math.max(running, Math.min(1, (pValues.length - rank) * pValues[i]));
    adjusted[i] = running;
  });
  return adjusted;
}
