/** How many rounds are measured, in how many blocks, and when to stop. */
import { type LevelOptions, meanInterval } from "../stats/mean_interval.ts";
import { object, optional } from "../check/objects.ts";
import { checkArgument, withDefaults } from "../check/options.ts";
import { byType, integer, quantity } from "../check/rules.ts";
import { SPEED_BAND } from "../stats/verdict.ts";

/** Hosts are started anew at least this often: a process is part of the noise. */
export const MIN_BLOCKS = 6;
/** With a minimum of 2 or 3 rounds a width rule covers 89-91 % instead of 95 %. */
export const MIN_ROUNDS = 20;
const ROUNDS_A_BLOCK = 4;

export interface RoundsBudget {
  /** Rounds at most. */
  max: number;
  /** Minutes at most, for each setting. */
  minutes: number;
  /** Half-width of a speed-up's interval at which it is narrow enough: 0.005 is +-0.5 %. */
  width: number;
}

/** Up to 120 rounds or 3 minutes a setting, and half the band of the verdicts. */
export const DEFAULT_BUDGET: RoundsBudget = { max: 120, minutes: 3, width: SPEED_BAND / 2 };

/** Why a setting's rounds ended. */
export type StoppedBy = "rounds" | "minutes" | "width" | "failures" | "stop";

export interface RoundsPlan extends RoundsBudget {
  /** Exactly `max` rounds, whatever time they take. */
  fixed: boolean;
}

/** 20 or more give an interval to trust; `planRounds` may ask for more than anyone measures. */
const most = integer({ min: 2, max: 1e8 });
export const BUDGET = object<Partial<RoundsBudget>>({
  max: optional(most),
  minutes: optional(quantity({ above: 0, infinite: true })),
  width: optional(quantity({ min: 0 })),
});
/** So many rounds, or a budget. */
export const ROUNDS = byType(
  { number: most, object: BUDGET },
  "a number of rounds, or a budget { max, minutes, width }",
);

/** @throws {RangeError} If there would be fewer than two rounds, or a bound is no positive number. */
export function roundsPlan(rounds: number | Partial<RoundsBudget> = {}): RoundsPlan {
  checkArgument("Cannot measure rounds", "rounds", rounds, ROUNDS);
  return typeof rounds === "number"
    ? { max: rounds, minutes: Infinity, width: 0, fixed: true }
    : { ...withDefaults(DEFAULT_BUDGET, rounds), fixed: false };
}

/** What a setting has used so far. */
export interface RoundsState {
  rounds: number;
  blocks: number;
  spentMs: number;
}

/**
 * Rounds of the next block: the first six blocks share `max` evenly, and none has more than four, so that what differs from
 * process to process averages out; a slow setting gets fewer, so that six blocks fit into its minutes.
 *
 * @param roundMs Time of one round so far, 0 if not known.
 * @param startMs Time of a block's start (hosts and warm-up), 0 if not known.
 */
export function roundsOfBlock(plan: RoundsPlan, state: RoundsState, roundMs = 0, startMs = 0): number {
  const left = plan.max - state.rounds, blocksLeft = Math.max(1, MIN_BLOCKS - state.blocks);
  const even = Math.ceil(left / blocksLeft);
  if (plan.fixed) return Math.min(ROUNDS_A_BLOCK, even);
  const most = Math.min(ROUNDS_A_BLOCK, state.blocks < MIN_BLOCKS ? even : left);
  if (!roundMs || state.blocks >= MIN_BLOCKS) return most;
  const perBlock = (60_000 * plan.minutes - state.spentMs) / blocksLeft - startMs;
  return Math.max(1, Math.min(most, Math.floor(perBlock / roundMs)));
}

/**
 * Whether a setting ends after this block. It looks at widths only, never at the verdict: the half-width of every
 * candidate's interval, widened because it ends the measuring (`stoppedByWidthFactor`), must be at most `width`, or a
 * tenth of the difference where that is larger.
 *
 * @param logRatios Mean log ratio of each block, for every candidate: shape [candidates][blocks].
 * @param options Level and number of comparisons of the intervals.
 */
export function stopReason(
  plan: RoundsPlan,
  state: RoundsState,
  logRatios: number[][],
  options: LevelOptions,
): StoppedBy | null {
  if (state.rounds >= plan.max) return "rounds";
  if (state.blocks >= 2 && state.spentMs >= 60_000 * plan.minutes) return "minutes";
  if (plan.fixed || state.blocks < MIN_BLOCKS || state.rounds < MIN_ROUNDS || !logRatios.length) return null;
  const narrow = logRatios.every((units) => {
    if (units.length < 2) return false;
    const { point, high } = meanInterval(units, { ...options, stoppedByWidth: true });
    return high - point <= Math.max(plan.width, Math.abs(point) / 10);
  });
  return narrow ? "width" : null;
}
