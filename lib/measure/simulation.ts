/** How often intervals and verdicts are wrong when the truth is known: the proof behind the rounds. */
import { COMPARISONS, SEED } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkOptions, withDefaults } from "../check/options.ts";
import { integer, list, oneOf, quantity, text } from "../check/rules.ts";
import { checkStop, progress } from "../progress.ts";
import type { Estimate } from "../stats/estimate.ts";
import { signFlipTest } from "../stats/permutation.ts";
import { wilsonInterval } from "../stats/proportion.ts";
import { type Random, seededRandom } from "../stats/random.ts";
import { quantile } from "../stats/summary.ts";
import { speedVerdict } from "../stats/verdict.ts";
import { BUDGET, type RoundsBudget, roundsPlan } from "./rounds_plan.ts";
import {
  type SimulatedNoise,
  type SimulatedSession,
  simulateOneProcess,
  simulateRounds,
  simulateSequential,
} from "./simulated_session.ts";

/** `rounds`: blocks of paired rounds with the stop rule. The other two are there to compare with. */
export type SimulatedScheme = "rounds" | "one process" | "sequential";

/** Four kinds of noise of 2 % a run: independent, AR(1) 0.9, a drift of 3 %, and both. */
export const SIMULATED_NOISES: readonly SimulatedNoise[] = [
  { name: "independent", run: 0.02, correlation: 0, drift: 0, process: 0 },
  { name: "AR(1) 0.9", run: 0.02, correlation: 0.9, drift: 0, process: 0 },
  { name: "3 % drift", run: 0.02, correlation: 0, drift: 0.03, process: 0 },
  { name: "AR(1) and drift", run: 0.02, correlation: 0.9, drift: 0.03, process: 0 },
];

export interface SimulationOptions {
  /** Sessions of each row. Default 5000. */
  trials?: number;
  /** A row for each. Default 1. */
  seeds?: number[];
  /** Default `SIMULATED_NOISES`. */
  noises?: readonly SimulatedNoise[];
  /** Standard deviations of a process. Default 0 and 0.01. */
  processes?: number[];
  /** True speed-ups, 0.02 is 2 % faster. Default 0, identical models. */
  effects?: number[];
  /** Default all three. */
  schemes?: SimulatedScheme[];
  /** Of the scheme `rounds`. Default that of `measureRounds`, without a limit of minutes. */
  rounds?: Partial<RoundsBudget>;
  /** Intervals that shall hold together, in the scheme `rounds`. Default 1. */
  comparisons?: number;
  /** Share of blocks in which the measuring process is killed and started again, in the scheme `rounds`. Default 0. */
  kills?: number;
  /** So many sessions of identical models get a sign-flip test too, which takes longer than all the rest. Default 1000. */
  signFlips?: number;
}

const SCHEMES: readonly SimulatedScheme[] = ["rounds", "one process", "sequential"];
const SPREAD = quantity({ min: 0, max: 10 });
const NOISE = object<SimulatedNoise>({
  name: text,
  run: SPREAD,
  correlation: quantity({ min: -1, max: 1 }),
  drift: quantity({ above: -1, max: 10 }),
  process: SPREAD,
});
export const SIMULATION_OPTIONS = object<SimulationOptions>({
  trials: optional(integer({ min: 1, max: 1e8 })),
  seeds: optional(list(SEED)),
  noises: optional(list<SimulatedNoise, readonly SimulatedNoise[]>(NOISE)),
  processes: optional(list(SPREAD)),
  effects: optional(list(quantity({ above: -1, max: 1000 }))),
  schemes: optional(list(oneOf(...SCHEMES))),
  rounds: optional(BUDGET),
  comparisons: optional(COMPARISONS),
  kills: optional(quantity({ min: 0, below: 1 })),
  signFlips: optional(integer({ min: 0, max: 1e8 })),
});

/** One kind of noise, scheme, effect and seed; shares with the interval of their own counting error (Wilson, 95 %). */
export interface SimulationRow {
  noise: string;
  /** Standard deviation of a process. */
  process: number;
  scheme: SimulatedScheme;
  /** True speed-up; 0 for identical models. */
  effect: number;
  seed: number;
  trials: number;
  /** The 95 % interval excludes "no difference": between identical models a false alarm, nominal 5 %. */
  excludesNone: Estimate;
  /** The 95 % interval contains the truth. */
  coverage: Estimate;
  /** Verdict faster or slower: the interval lies beyond the band of 1 %. */
  claimed: Estimate;
  /** Verdict same. */
  same: Estimate;
  /** Sign-flip test over the units, p <= 0.05, of identical models; null for other rows. */
  signFlip: Estimate | null;
  /** Stopped because intervals were narrow, not because rounds ran out. */
  stoppedByWidth: Estimate;
  /** Rounds (runs of each model) used. */
  medianRounds: number;
  /** 9 of 10 sessions took no more. */
  p90Rounds: number;
}

/**
 * Simulate measuring sessions and count how often each method is right.
 *
 * The band, levels, blocks and the stop rule are those of the real comparison, and its functions are run.
 *
 * @throws {StopError} After Stop.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { simulationTable } from "./simulation.ts";
 *
 * const [row] = await simulationTable({ trials: 200, schemes: ["sequential"], processes: [0] });
 * assert.equal(row.noise, "independent");
 * assert.ok(row.excludesNone.point < 0.15); // nominal 5 %
 * ```
 */
export async function simulationTable(options: SimulationOptions = {}): Promise<SimulationRow[]> {
  checkOptions("Cannot simulate", options, SIMULATION_OPTIONS);
  const { trials = 5000, seeds = [1], noises = SIMULATED_NOISES, processes = [0, 0.01], effects = [0] } = options;
  const schemes = options.schemes ?? SCHEMES;
  const rows: SimulationRow[] = [];
  const bar = progress("Simulation", schemes.length * effects.length * processes.length * noises.length * seeds.length);
  try {
    for (const scheme of schemes) {
      for (const effect of effects) {
        for (const process of processes) {
          for (const noise of noises) {
            for (const seed of seeds) {
              await new Promise((resolve) => setTimeout(resolve)); // lets Stop and the display through
              checkStop();
              const session = sessionOf(scheme, { ...noise, process }, Math.log1p(effect), options);
              const counts = count(session, Math.log1p(effect), { trials, seed, tested: options.signFlips ?? 1000 });
              rows.push({ noise: noise.name, process, scheme, effect, seed, trials, ...counts });
              bar.update(rows.length, `${scheme}, ${noise.name}`);
            }
          }
        }
      }
    }
    return rows;
  } finally {
    bar.finish();
  }
}

function sessionOf(scheme: SimulatedScheme, noise: SimulatedNoise, effect: number, options: SimulationOptions) {
  const plan = roundsPlan(withDefaults({ minutes: Infinity }, options.rounds ?? {}));
  switch (scheme) {
    case "rounds":
      return (random: Random) => simulateRounds(random, noise, plan, effect, options);
    case "one process":
      return (random: Random) => simulateOneProcess(random, noise, effect);
    case "sequential":
      return (random: Random) => simulateSequential(random, noise, effect);
  }
}

/** Random sign patterns of the sign-flip test where there are too many to count all. */
const SIGN_PATTERNS = 499;

function count(
  session: (random: Random) => SimulatedSession,
  truth: number,
  { trials, seed, tested }: { trials: number; seed: number; tested: number },
) {
  const random = seededRandom(seed), rounds: number[] = [];
  let excludesNone = 0, covered = 0, claimed = 0, same = 0, flipped = 0, flips = 0, stoppedByWidth = 0;
  for (let i = 0; i < trials; i++) {
    const { wide, narrow, units, rounds: used, stoppedByWidth: narrowEnough } = session(random);
    if (wide.low > 0 || wide.high < 0) excludesNone++;
    if (wide.low <= truth && truth <= wide.high) covered++;
    const verdict = speedVerdict({ wide: ratio(wide), narrow: ratio(narrow) });
    if (verdict === "same") same++;
    else if (verdict !== "unclear") claimed++;
    if (units && truth === 0 && i < tested) {
      flips++;
      if (signFlipTest(units, { resamples: SIGN_PATTERNS, seed: i }).p <= 0.05) flipped++;
    }
    if (narrowEnough) stoppedByWidth++;
    rounds.push(used);
  }
  const share = (hits: number) => wilsonInterval(hits, trials);
  return {
    excludesNone: share(excludesNone),
    coverage: share(covered),
    claimed: share(claimed),
    same: share(same),
    signFlip: flips ? wilsonInterval(flipped, flips) : null,
    stoppedByWidth: share(stoppedByWidth),
    medianRounds: quantile(rounds, 0.5),
    p90Rounds: quantile(rounds, 0.9),
  };
}

function ratio({ low, high }: { low: number; high: number }): { low: number; high: number } {
  return { low: Math.exp(low), high: Math.exp(high) };
}
