/** The sum of a cost over many decode steps from a few of them. */

/** Fewer steps are added one by one. */
const FEW = 8;

/**
 * Sum of f(from), f(from + 1), ... f(to - 1) where f is whole numbers that grow by stretches of polynomials of degree 2
 * at most: costs grow evenly with the context until a window is full, and without a cache with its square. A stretch is
 * one polynomial when the one through its ends and its middle also meets two points between exactly; else it is halved.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { sumOfSteps } from "./graph_steps.ts";
 *
 * let asked = 0;
 * const cost = (past: number) => (asked++, 10 + 3 * Math.min(past, 700));
 * assert.equal(sumOfSteps(0, 1000, cost), 1000 * 10 + 3 * (700 * 699 / 2 + 300 * 700));
 * assert.ok(asked < 50);
 * ```
 */
export function sumOfSteps(from: number, to: number, f: (step: number) => number): number {
  const known = new Map<number, number>();
  const at = (step: number) => {
    const value = known.get(step) ?? f(step);
    known.set(step, value);
    return value;
  };
  const sum = (first: number, count: number): number => {
    if (count <= FEW) {
      let total = 0;
      for (let i = 0; i < count; i++) total += at(first + i);
      return total;
    }
    const last = count - 1, middle = last >> 1;
    const [start, half, end] = [at(first), at(first + middle), at(first + last)];
    // Whole numbers at whole steps: the coefficients are multiples of 1/2, which takes the rounding out.
    const square = Math.round(2 * ((end - start) / last - (half - start) / middle) / (last - middle)) / 2;
    const slope = Math.round(2 * ((half - start) / middle - square * middle)) / 2;
    const isOn = (i: number) => start + slope * i + square * i * i === at(first + i);
    if ([middle, last, middle >> 1, (middle + last) >> 1].every(isOn)) {
      return count * start + slope * count * last / 2 + square * last * count * (2 * last + 1) / 6;
    }
    const left = count >> 1;
    return sum(first, left) + sum(first + left, count - left);
  };
  return sum(from, Math.max(0, to - from));
}
