/** The learning rate of each step: a linear warm-up, then half a cosine down to a tenth. */

/** Of the steps. */
const WARM_UP = 0.1;
/** Of the peak, reached at the last step. */
const FLOOR = 0.1;

/** @param step From 1 to `steps`. */
export function learningRateAt(step: number, steps: number, peak: number): number {
  const warmUp = Math.ceil(WARM_UP * steps);
  if (step <= warmUp) return peak * step / warmUp;
  const turned = Math.PI * (step - warmUp) / Math.max(1, steps - warmUp);
  return peak * (FLOOR + (1 - FLOOR) * (1 + Math.cos(turned)) / 2);
}
