/** Permutation tests: valid whatever the distribution, under the order or assignment that was randomised. */
import { requireData } from "./check.ts";
import { seededRandom } from "./random.ts";
import { mean } from "./summary.ts";

export interface PermutationOptions {
  /** Random rearrangements where all of them would be too many. Default 9999. */
  resamples?: number;
  /** Default 0. */
  seed?: number;
}

export interface PermutationResult {
  /** Two-sided p value; with random rearrangements (b + 1) / (m + 1), Phipson and Smyth 2010. */
  p: number;
  /** Whether all rearrangements were counted. */
  exact: boolean;
  /** Rearrangements looked at. */
  resamples: number;
}

/** Sums that differ by rounding only are the same. */
const slack = 1 - 1e-12;

/**
 * Sign-flip test of "the differences are symmetric about 0": exact (all 2^n signs) up to 16 units.
 *
 * @param differences Independent units, e.g. a block's mean log ratio.
 * @example Six blocks that all agree: 2 of 64 sign patterns are as extreme
 * ```ts
 * import assert from "node:assert/strict";
 * import { signFlipTest } from "./permutation.ts";
 *
 * assert.equal(signFlipTest([1, 2, 3, 4, 5, 6]).p, 2 / 64);
 * ```
 */
export function signFlipTest(differences: readonly number[], options: PermutationOptions = {}): PermutationResult {
  requireData("a sign-flip test", differences, 2);
  const n = differences.length;
  const observed = Math.abs(differences.reduce((a, b) => a + b, 0)) * slack;
  if (n <= 16) {
    let extreme = 0;
    for (let signs = 0; signs < 2 ** n; signs++) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += signs >> i & 1 ? differences[i] : -differences[i];
      if (Math.abs(sum) >= observed) extreme++;
    }
    return { p: extreme / 2 ** n, exact: true, resamples: 2 ** n };
  }
  const random = seededRandom(options.seed ?? 0);
  return sampled(options, observed, () => differences.reduce((sum, d) => sum + (random.next() < 0.5 ? d : -d), 0));
}

/**
 * Permutation test of "both samples come from one distribution" on the difference of means. Groups keep their true
 * sizes, and p is never 0 (simple-statistics 7.12.1 gives b / m; earlier versions split the pool in half).
 */
export function permutationTest(
  a: readonly number[],
  b: readonly number[],
  options: PermutationOptions = {},
): PermutationResult {
  requireData("a permutation test", a, 1);
  requireData("a permutation test", b, 1);
  const random = seededRandom(options.seed ?? 0);
  const pool = [...a, ...b];
  const difference = (all: number[]) => mean(all.slice(0, a.length)) - mean(all.slice(a.length));
  return sampled(options, Math.abs(difference(pool)) * slack, () => difference(random.shuffle(pool)));
}

function sampled(options: PermutationOptions, observed: number, draw: () => number): PermutationResult {
  const resamples = options.resamples ?? 9999;
  let extreme = 0;
  for (let i = 0; i < resamples; i++) if (Math.abs(draw()) >= observed) extreme++;
  return { p: (extreme + 1) / (resamples + 1), exact: false, resamples };
}
