/** How a time grows with a length: a polynomial by least squares, with blocks as the unit of its intervals. */
import { data } from "../check/data.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { entries, list, withFields } from "../check/rules.ts";
import { requireData } from "./check.ts";
import { ESTIMATE, type Estimate } from "./estimate.ts";
import { LEVEL_OPTIONS, type LevelOptions, meanInterval } from "./mean_interval.ts";
import { leastSquaresMatrix, polynomialAt } from "./polynomial.ts";
import { mean } from "./summary.ts";

/** One measured time at one length. */
export interface ScalingSample {
  /** Samples of one block share the process; the block is the unit of the intervals. */
  block: number;
  length: number;
  value: number;
}

export interface ScalingFit {
  /** 1: a + b length; 2: a + b length + c length^2. */
  degree: 1 | 2;
  /** a, b (, c): means over blocks with t intervals; not cut at zero. */
  coefficients: Estimate[];
  /** Numbers of the blocks, and the coefficients of each: shape [blocks][degree + 1]. */
  blocks: number[];
  blockCoefficients: number[][];
  /** At each length: the mean of the blocks, and (mean - fit) / fit. */
  points: { length: number; value: number; relativeResidual: number }[];
}

/** The rule of a fit where it is an argument. */
export const SCALING_FIT = data<ScalingFit>("a fit, as fitScaling gives", {
  blocks: entries(),
  blockCoefficients: entries(),
  points: entries(),
});
const SAMPLES = list(withFields<ScalingSample>("a sample { block, length, value }", "block", "length", "value"));

/**
 * Fit TTFT(S) = a + b S + c S^2 (degree 2) or TPOT(context) = a + b context (degree 1).
 *
 * Each block's means are fitted by themselves, weighted by 1 / value^2, since times spread in proportion to their size.
 * The coefficients are the means of the blocks' ones, their intervals Student's t over blocks: exact where blocks are
 * independent and normal, whatever happens within a block (a process's own speed moves all of its lengths together).
 * Nothing is forced to be positive, so an interval may reach below zero: then the data do not tell that term from none.
 *
 * @throws {RangeError} With fewer than two blocks, too few lengths, a block without one of the lengths, or a value that
 * is not positive.
 * @example Three blocks of one process each, 5 ms and 2 ms a token
 * ```ts
 * import assert from "node:assert/strict";
 * import { fitScaling } from "./scaling_fit.ts";
 *
 * const samples = [0, 1, 2].flatMap((block) => [10, 20, 40].map((length) => ({ block, length, value: 5 + 2 * length })));
 * const [a, b] = fitScaling(samples, 1).coefficients;
 * assert.ok(Math.abs(a.point - 5) < 1e-9 && Math.abs(b.point - 2) < 1e-9);
 * ```
 */
export function fitScaling(samples: readonly ScalingSample[], degree: 1 | 2, options: LevelOptions = {}): ScalingFit {
  checkArgument("Cannot fit a scaling", "samples", samples, SAMPLES);
  checkOptions("Cannot fit a scaling", options, LEVEL_OPTIONS);
  if (degree !== 1 && degree !== 2) throw new RangeError(`Cannot fit a scaling: degree must be 1 or 2, got ${degree}`);
  requireData("a scaling fit", samples.flatMap(({ length, value }) => [length, value]), 2);
  const bad = samples.find(({ length, value }) => !(length > 0 && value > 0));
  if (bad) {
    throw new RangeError(
      `Cannot fit a scaling: lengths and values must be positive, got ${bad.value} at length ${bad.length}`,
    );
  }
  const lengths = [...new Set(samples.map((s) => s.length))].sort((a, b) => a - b);
  const blocks = [...new Set(samples.map((s) => s.block))];
  if (blocks.length < 2) {
    throw new RangeError(`Cannot fit a scaling: intervals need at least 2 blocks, got ${blocks.length}`);
  }
  const values = blocks.map((block) => lengths.map((length) => blockMean(samples, block, length)));
  const means = lengths.map((_, i) => mean(values.map((v) => v[i])));
  const matrix = leastSquaresMatrix(lengths, degree, means.map((m) => m ** -2));
  const blockCoefficients = values.map((v) => matrix.map((row) => row.reduce((sum, m, i) => sum + m * v[i], 0)));
  const coefficients = matrix.map((_, p) => meanInterval(blockCoefficients.map((c) => c[p]), options));
  const fitted = coefficients.map((c) => c.point);
  return {
    degree,
    coefficients,
    blocks,
    blockCoefficients,
    points: lengths.map((length, i) => {
      const fit = polynomialAt(fitted, length);
      return { length, value: means[i], relativeResidual: (means[i] - fit) / fit };
    }),
  };
}

/** The fitted time at a length, with its interval: that of the mean, not of a single run. */
export function fittedAt(fit: ScalingFit, length: number, options: LevelOptions = {}): Estimate {
  checkArgument("Cannot tell a fitted time", "fit", fit, SCALING_FIT);
  const { blockCoefficients } = fit;
  checkOptions("Cannot tell a fitted time", options, LEVEL_OPTIONS);
  return meanInterval(blockCoefficients.map((c) => polynomialAt(c, length)), options);
}

/**
 * An estimate of what cannot be negative: the interval's part from zero up. It covers as often as before, since the
 * truth lies in that part; an interval that lies below zero altogether becomes [0, 0] and says that the model is wrong.
 */
export function atLeastZero(estimate: Estimate): Estimate {
  checkArgument("Cannot cut an estimate at zero", "estimate", estimate, ESTIMATE);
  const { point, low, high, ...rest } = estimate;
  const cut = (x: number | null) => x === null ? null : Math.max(0, x);
  return { ...rest, point: Math.max(0, point), low: cut(low), high: cut(high) };
}

function blockMean(samples: readonly ScalingSample[], block: number, length: number): number {
  const values = samples.filter((s) => s.block === block && s.length === length).map((s) => s.value);
  if (!values.length) {
    throw new RangeError(
      `Cannot fit a scaling: block ${block} has no value at length ${length}; every block needs every length`,
    );
  }
  return mean(values);
}
