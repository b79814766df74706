/** Measuring sessions in which the truth is known: noise of several kinds, under the real plan and stop rule. */
import { meanInterval, type MeanOptions, tInterval } from "../stats/mean_interval.ts";
import type { Random } from "../stats/random.ts";
import { roundsOfBlock, type RoundsPlan, stopReason } from "./rounds_plan.ts";
import { MIN_CUT_ROUNDS } from "./rounds_result.ts";

/** What moves the time of a run besides the model; on logarithms, so 0.02 is about 2 %. */
export interface SimulatedNoise {
  name: string;
  /** Standard deviation of one run. */
  run: number;
  /** Correlation of a run with the one before it in wall time, whichever model that was: AR(1). */
  correlation: number;
  /** How much slower the machine gets in 80 runs; it goes on at that rate. */
  drift: number;
  /** Standard deviation of a process, drawn anew for every start of a host. */
  process: number;
}

/** Low and high of the candidate's log speed-up, at 95 % (`wide`) and 90 % (`narrow`), not corrected. */
export interface SimulatedSession {
  wide: { low: number; high: number };
  narrow: { low: number; high: number };
  /** The independent units that the intervals come from; null for two sequential samples. */
  units: number[] | null;
  rounds: number;
  stoppedByWidth: boolean;
}

const DRIFT_RUNS = 80, SEQUENTIAL_RUNS = 40;
const MODELS = [0, 1, 2]; // baseline, candidate, and the baseline's twin, which takes its turn as in real rounds

/** Noise of run after run on one machine. */
function wallNoise(random: Random, { run, correlation, drift }: SimulatedNoise): () => number {
  const fresh = Math.sqrt(1 - correlation ** 2) * run, step = drift / DRIFT_RUNS;
  let state = run * random.normal(), drifted = 0;
  return () => {
    state = correlation * state + fresh * random.normal();
    return state + (drifted += step);
  };
}

function pairedSession(units: number[], rounds: number, options: MeanOptions): SimulatedSession {
  return {
    wide: meanInterval(units, options),
    narrow: meanInterval(units, { ...options, level: 0.9 }),
    units,
    rounds,
    stoppedByWidth: options.stoppedByWidth ?? false,
  };
}

/**
 * Rounds as `measureRounds` runs them: blocks with fresh processes, every model once a round in random order, ended by
 * `stopReason`. The interval is that of `ratioOverBlocks`, on logarithms.
 *
 * @param effect True log speed-up of the candidate.
 * @param options.comparisons Intervals that shall hold together, in the stop rule and the intervals.
 * @param options.kills Share of blocks in which the process is killed, at any of its rounds; the next block goes on.
 */
export function simulateRounds(
  random: Random,
  noise: SimulatedNoise,
  plan: RoundsPlan,
  effect = 0,
  { comparisons = 1, kills = 0 }: { comparisons?: number; kills?: number } = {},
): SimulatedSession {
  const next = wallNoise(random, noise);
  const units: number[] = [], candidates = [units], state = { rounds: 0, blocks: 0, spentMs: 0 };
  const own = [0, 0, 0], logTime = [0, 0, 0];
  for (;;) {
    for (const model of MODELS) own[model] = noise.process * random.normal();
    const planned = roundsOfBlock(plan, state);
    const rounds = kills && random.next() < kills ? random.integer(planned) : planned;
    let sum = 0;
    for (let round = 0; round < rounds; round++) {
      for (const model of random.shuffle(MODELS)) logTime[model] = own[model] + next();
      sum += logTime[0] - logTime[1];
    }
    if (rounds === 0) continue;
    if (rounds === planned || rounds >= MIN_CUT_ROUNDS) units.push(effect + sum / rounds);
    state.rounds += rounds;
    state.blocks++;
    const stoppedBy = stopReason(plan, state, candidates, { comparisons });
    if (stoppedBy) return pairedSession(units, state.rounds, { comparisons, stoppedByWidth: stoppedBy === "width" });
  }
}

/** For contrast: the same rounds in one process a model, 24 of them, taken as 24 independent pairs. */
export function simulateOneProcess(random: Random, noise: SimulatedNoise, effect = 0, rounds = 24): SimulatedSession {
  const next = wallNoise(random, noise), logTime = [0, 0, 0];
  const own = MODELS.map(() => noise.process * random.normal());
  const units = Array.from({ length: rounds }, () => {
    for (const model of random.shuffle(MODELS)) logTime[model] = own[model] + next();
    return effect + logTime[0] - logTime[1];
  });
  return pairedSession(units, rounds, {});
}

/**
 * For contrast: 40 runs of the baseline, then 40 of the candidate, compared as two independent samples (t test with equal
 * variances). That is what most tools' two tables invite to.
 */
export function simulateSequential(random: Random, noise: SimulatedNoise, effect = 0): SimulatedSession {
  const next = wallNoise(random, noise), n = SEQUENTIAL_RUNS;
  const [a, b] = [0, -effect].map((ownTime) => {
    const own = ownTime + noise.process * random.normal();
    let sum = 0, squares = 0;
    for (let i = 0; i < n; i++) {
      const x = own + next();
      sum += x;
      squares += x * x;
    }
    return { mean: sum / n, variance: (squares - sum * sum / n) / (n - 1) };
  });
  const at = (level: number) =>
    tInterval(a.mean - b.mean, Math.sqrt((a.variance + b.variance) / n), 2 * n - 2, 2 * n, { level });
  return { wide: at(0.95), narrow: at(0.9), units: null, rounds: n, stoppedByWidth: false };
}
