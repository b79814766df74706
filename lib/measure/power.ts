/** From a pilot: how many rounds and minutes tell differences of 5, 2 and 1 % apart. */
import { logGamma } from "../stats/beta.ts";
import { requireData } from "../stats/check.ts";
import { normalCdf, normalQuantile, tQuantile } from "../stats/distributions.ts";
import { BAND, COMPARISONS } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions, noOptions } from "../check/options.ts";
import { entries, integer, list, number, quantity } from "../check/rules.ts";
import type { Estimate } from "../stats/estimate.ts";
import { simultaneousLevel } from "../stats/mean_interval.ts";
import { sampleStd } from "../stats/summary.ts";
import { SPEED_BAND } from "../stats/verdict.ts";
import { MIN_BLOCKS } from "./rounds_plan.ts";
import { candidateRatios } from "./candidate_ratios.ts";
import { ROUNDS_RESULT, type RoundsResult } from "./rounds_result.ts";

/** What a plan rests on. */
export interface Pilot {
  /** Mean log ratio of each block, candidate to baseline. */
  logRatios: number[];
  /** Rounds in all blocks together. */
  rounds: number;
  /** Time that they took, with starts and warm-up. */
  minutes: number;
}

export interface PowerOptions {
  /** True differences, 0.05 is 5 %; 0 asks for the verdict "same". Default 0.05, 0.02, 0.01 and 0. */
  effects?: number[];
  /** With which probability the difference shall be resolved. Default 0.8. */
  power?: number;
  /** Speed-ups within it count as the same. Default 0.01. */
  band?: number;
  /** Verdicts that shall hold together. Default 1. */
  comparisons?: number;
}

export const PILOT = object<Pilot>({
  logRatios: entries(),
  rounds: integer({ min: 1 }),
  minutes: quantity({ min: 0 }),
});
export const POWER_OPTIONS = object<PowerOptions>({
  effects: optional(list(quantity({ above: -1 }))),
  power: optional(number("a number at least 0.5 and below 1", (p) => p >= 0.5 && p < 1)),
  band: optional(BAND),
  comparisons: optional(COMPARISONS),
});

/** What it takes to resolve one difference; bounds from the pilot's own uncertainty about the spread of blocks (95 %). */
export interface PlannedRounds {
  effect: number;
  /**
   * What "resolved" means. `verdict`: faster or slower, the 95 % interval lies beyond the band. `difference`: the interval
   * excludes "no difference", since an effect within the band gets no such verdict however long one measures.
   * `same`: the 90 % interval lies inside the band.
   */
  resolved: "verdict" | "difference" | "same";
  power: number;
  blocks: Estimate;
  rounds: Estimate;
  minutes: Estimate;
}

/**
 * Rounds and minutes that resolve each of `effects` with probability `power`, if blocks go on as in the pilot (as many
 * rounds each, the same spread). To use one, give `rounds: { max: plan.rounds.point, minutes: Infinity }`.
 *
 * The probability is that of Student's t over blocks, the normal distribution of the mean integrated over that of the
 * spread; at least six blocks. With six pilot blocks the spread is known to a factor of two: look at the bounds.
 *
 * @throws {RangeError} For a pilot of fewer than two blocks, or a power that is not between 0.5 and 1.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { planRounds } from "./power.ts";
 *
 * const pilot = { logRatios: [0.01, -0.01, 0.02, -0.02, 0, 0.005], rounds: 24, minutes: 2 };
 * const [five, two] = planRounds(pilot);
 * assert.equal(five.resolved, "verdict");
 * assert.ok(two.minutes.point > five.minutes.point);
 * ```
 */
export function planRounds(pilot: Pilot, options: PowerOptions = {}): PlannedRounds[] {
  checkArgument("Cannot plan rounds", "pilot", pilot, PILOT);
  checkOptions("Cannot plan rounds", options, POWER_OPTIONS);
  const { effects = [0.05, 0.02, 0.01, 0], power = 0.8, band = SPEED_BAND, comparisons = 1 } = options;
  const { logRatios, rounds, minutes } = pilot;
  requireData("the rounds that a verdict takes", logRatios, 2);
  if (rounds < logRatios.length) {
    throw new RangeError(
      `Cannot plan rounds: a pilot of ${logRatios.length} blocks has at least as many rounds, got ${rounds}`,
    );
  }
  const n = logRatios.length, spread = spreadInterval(sampleStd(logRatios), n - 1);
  return effects.map((effect) => {
    const { resolved, chance } = question(effect, band, comparisons);
    const blocks = spread.map((sd) => leastBlocks((blocks) => chance(blocks, sd) >= power));
    const estimate = (value: (blocks: number) => number): Estimate => {
      const [low, point, high] = blocks.map(value);
      return { point, low, high, level: 0.95, n };
    };
    return {
      effect,
      resolved,
      power,
      blocks: estimate((b) => b),
      rounds: estimate((b) => Math.ceil(b * rounds / n)),
      minutes: estimate((b) => b * minutes / n),
    };
  });
}

/**
 * The pilot in a result of `measureRounds`: a candidate (default: the baseline's twin) in one setting (default: the first).
 *
 * @throws {RangeError} For a setting that the result does not have.
 */
export function pilotOf(result: RoundsResult, candidate?: string, config?: string): Pilot {
  noOptions("pilotOf", arguments, 3);
  checkArgument("Cannot plan rounds", "result", result, ROUNDS_RESULT);
  const { settings, twin } = result;
  const setting = config === undefined ? settings[0] : settings.find((s) => s.config === config);
  if (!setting) {
    throw new RangeError(
      `Cannot plan rounds: no setting "${config}"; there are: ${settings.map((s) => s.config).join(", ")}`,
    );
  }
  const [logRatios] = candidateRatios(result, setting.setting, setting.config, [
    candidate === undefined ? twin : candidate,
  ]);
  return { logRatios, rounds: setting.rounds, minutes: setting.minutes };
}

/** What is asked of an effect, and its chance with so many blocks of a known spread. */
function question(effect: number, band: number, comparisons: number) {
  const edge = Math.log1p(band), size = Math.abs(Math.log1p(effect));
  const level = effect === 0 ? 0.9 : 0.95, p = 0.5 + simultaneousLevel({ level, comparisons }) / 2;
  if (effect === 0) {
    const chance = (blocks: number, sd: number) =>
      overSpread(blocks - 1, (u) => {
        const z = Math.sqrt(blocks) * edge / sd - tQuantile(p, blocks - 1) * u;
        return z > 0 ? 2 * normalCdf(z) - 1 : 0;
      });
    return { resolved: "same" as const, chance };
  }
  const within = size <= edge * (1 + 1e-9), distance = within ? size : size - edge;
  const chance = (blocks: number, sd: number) =>
    overSpread(blocks - 1, (u) => normalCdf(Math.sqrt(blocks) * distance / sd - tQuantile(p, blocks - 1) * u));
  return { resolved: within ? "difference" as const : "verdict" as const, chance };
}

/** With so many degrees of freedom s is sigma to four digits; beyond 2^50 the sum below has no steps left between floats. */
const CERTAIN_DF = 1e8;

/** Mean of f(u) over u = s / sigma, whose square times `df` is chi-square distributed (Simpson's rule). */
function overSpread(df: number, f: (u: number) => number): number {
  if (df > CERTAIN_DF) return f(1);
  const width = 1 / Math.sqrt(2 * df), low = Math.max(0, 1 - 7 * width), high = 1 + 8 * width, steps = 120;
  const log = Math.log(2) + df / 2 * Math.log(df / 2) - logGamma(df / 2);
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const u = low + (high - low) * i / steps, weight = i === 0 || i === steps ? 1 : i % 2 ? 4 : 2;
    const density = u > 0 ? Math.exp(log + (df - 1) * Math.log(u) - df * u * u / 2) : 0;
    if (density > 1e-14) sum += weight * density * f(u);
  }
  return sum * (high - low) / steps / 3;
}

/** Low, point and high of a standard deviation, 95 %: chi-square quantiles by Wilson and Hilferty (1931). */
function spreadInterval(sd: number, df: number): [low: number, point: number, high: number] {
  const at = (p: number) => {
    const c = 2 / (9 * df);
    return sd / Math.sqrt(Math.max(1e-4, 1 - c + normalQuantile(p) * Math.sqrt(c)) ** 3);
  };
  return [at(0.975), sd, at(0.025)];
}

/** What no number of blocks below this resolves, none does: a band of 0 cannot be shown to hold. */
const MOST_BLOCKS = 2 ** 200;
/** Beyond 2^53 blocks numbers no longer differ by one, so the search ends at this share. */
const FINEST = 1e-12;

function leastBlocks(enough: (blocks: number) => boolean): number {
  let low = MIN_BLOCKS - 1, high = MIN_BLOCKS; // low is too few, high enough
  while (!enough(high)) {
    if (high > MOST_BLOCKS) {
      throw new RangeError(
        "Cannot plan rounds: no number of blocks resolves it; ask for a larger effect, or a band above 0 for the effect 0",
      );
    }
    [low, high] = [high, 2 * high];
  }
  while (high - low > Math.max(1, high * FINEST)) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return high;
}
