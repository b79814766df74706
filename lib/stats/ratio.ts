/** The ratio of two paired quantities, estimated on logarithms with blocks as the unit. */
import { shown } from "../check/check.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { entries } from "../check/rules.ts";
import { requireData } from "./check.ts";
import type { Estimate } from "./estimate.ts";
import { exponentialInterval, MEAN_OPTIONS, type MeanOptions } from "./mean_interval.ts";
import { mean } from "./summary.ts";
import { isBounded, usablePositive } from "./usable.ts";

/** One round: the same work by both, one after the other, in random order. */
export interface PairedSample {
  /** Rounds of one block share the processes; the block is the unit of the interval. */
  block: number;
  candidate: number;
  baseline: number;
}

const SAMPLES = entries<PairedSample>(); // called for every simulated session: each sample is looked at once, below

/** The mean log ratio candidate / baseline of each block, in the order of first appearance. */
export function blockLogRatios(samples: readonly PairedSample[]): number[] {
  const blocks = new Map<number, number[]>();
  for (const sample of samples) {
    if (typeof sample !== "object" || sample === null) {
      throw new TypeError(
        `Cannot compute a ratio: a sample must be { block, candidate, baseline }, got ${shown(sample)}`,
      );
    }
    const { block, candidate, baseline } = sample;
    if (!(candidate > 0 && baseline > 0 && Number.isFinite(candidate / baseline))) {
      throw new RangeError(
        `Cannot compute a ratio: both values must be positive numbers, got ${candidate} / ${baseline} in block ${block}`,
      );
    }
    blocks.set(block, [...(blocks.get(block) ?? []), Math.log(candidate / baseline)]);
  }
  return [...blocks.values()].map(mean);
}

/**
 * exp(mean log ratio) with a t interval over blocks: rounds of one block share a process (its memory layout, its
 * threads), so they are not independent. The point is the mean over blocks, each with the same weight.
 *
 * @returns `n` counts the blocks.
 * @throws {RangeError} With fewer than two blocks or a value that is not positive.
 * @example A candidate that is twice as fast in every block
 * ```ts
 * import assert from "node:assert/strict";
 * import { ratioOverBlocks } from "./ratio.ts";
 *
 * const tokensPerS = [40, 41, 39].map((baseline, block) => ({ block, baseline, candidate: 2 * baseline }));
 * assert.ok(Math.abs(ratioOverBlocks(tokensPerS).point - 2) < 1e-12);
 * ```
 */
export function ratioOverBlocks(
  samples: readonly PairedSample[],
  options: MeanOptions = {},
): Estimate & { low: number; high: number } {
  checkArgument("Cannot compute the interval of a ratio", "samples", samples, SAMPLES);
  checkOptions("Cannot compute the interval of a ratio", options, MEAN_OPTIONS);
  const units = blockLogRatios(samples);
  requireData("the interval of a ratio over blocks", units, 2);
  return exponentialInterval(units, options);
}

/** The same, where it says something: null with fewer than two blocks, or with bounds that are no interval (`usablePositive`). */
export function usableRatioOverBlocks(
  samples: readonly PairedSample[],
  options: MeanOptions = {},
): (Estimate & { low: number; high: number }) | null {
  const units = blockLogRatios(samples);
  if (units.length < 2) return null;
  const ratio = usablePositive(exponentialInterval(units, options));
  return isBounded(ratio) ? ratio : null;
}
