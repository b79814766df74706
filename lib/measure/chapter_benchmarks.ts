/**
 * Two ways to time one model in one process, side by side: the broken one (no warm-up, a few runs, a bare mean) and the
 * correct one (warm-up, many runs, spread and percentiles). What both leave open, the order of two models, is at the end.
 */
import type { ModelOptions, ModelRef } from "../arch/model_ref.ts";
import { modelFacts } from "../arch/model_facts.ts";
import { resolveAny } from "../arch/resolve_any.ts";
import { MODEL_OPTIONS } from "../arch/ref_fields.ts";
import { MOST_RUNS, SEED, TOKENS } from "../check/common.ts";
import { aNumber, data } from "../check/data.ts";
import { type Fields, object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions, noOptions, withDefaults } from "../check/options.ts";
import { entries, func, integer, list, type Rule } from "../check/rules.ts";
import { startHost } from "../model/host.ts";
import type { StartHost } from "../model/protocol.ts";
import type { ModelInfo } from "../model/info.ts";
import { progress, withPartial } from "../progress.ts";
import type { Estimate } from "../stats/estimate.ts";
import { geometricMean } from "../stats/geometric_mean.ts";
import { meanInterval, tInterval } from "../stats/mean_interval.ts";
import { type OutlierClass, outlierClasses } from "../stats/outliers.ts";
import { percentileInterval } from "../stats/percentile.ts";
import { ratioOverBlocks } from "../stats/ratio.ts";
import { autocorrelation } from "../stats/series.ts";
import { mean, sampleStd } from "../stats/summary.ts";
import { noiseBetween, readNoise } from "./noise.ts";
import { ROUNDS_RESULT, type RoundSample, type RoundsResult } from "./rounds_result.ts";
import { checkSameTokens, runSetting } from "./run_setting.ts";
import { checkSetting, type GenerationSetting, graphOf, settingName } from "./setting.ts";
import { startStoppable } from "./stoppable.ts";

export interface ChapterOptions extends ModelOptions {
  /** Default 5. */
  promptTokens?: number;
  /** Output tokens of a request. Default 32. */
  newTokens?: number;
  /** Timed requests. Default 5 in the broken benchmark, 100 in the correct one. */
  numRuns?: number;
  /** Seed of the random prompt: the same in every run. Default 0. */
  seed?: number;
  /** How a host is started; tests give a fake one. */
  start?: StartHost;
}

/** One run has no spread. */
const CHAPTER: Fields<ChapterOptions> = {
  ...MODEL_OPTIONS.fields,
  promptTokens: optional(TOKENS),
  newTokens: optional(TOKENS),
  numRuns: optional(integer({ min: 2, max: MOST_RUNS })),
  seed: optional(SEED),
  start: optional(func()),
};
export const BROKEN_OPTIONS = object<ChapterOptions>(CHAPTER);
export const CORRECT_OPTIONS = object<ChapterOptions & { warmUpRuns?: number }>({
  ...CHAPTER,
  warmUpRuns: optional(integer({ min: 0, max: MOST_RUNS })),
});

/** What the broken benchmark reports: one number, and nothing about how far to trust it. */
export interface BrokenBenchmarkResult {
  setting: GenerationSetting;
  model: ModelInfo;
  /** Mean time of a request. */
  meanMs: number;
  /** Mean decode speed of the runs, in tokens/s. */
  decodeTokensPerS: number;
  /** Every run, in order, the first one cold. */
  samples: RoundSample[];
}

/** What the correct benchmark reports of one process. */
export interface CorrectBenchmarkResult {
  setting: GenerationSetting;
  model: ModelInfo;
  /** Mean time of a request with its t interval, which takes the runs as independent: see `autocorrelation`. */
  meanMs: Estimate;
  /** Sample standard deviation of the requests' times. */
  stdMs: number;
  /** With order-statistic intervals: p95 has no upper bound below 72 runs, p99 none below 368 (null). */
  percentilesMs: { p50: Estimate; p95: Estimate; p99: Estimate };
  /** Geometric mean over runs, in tokens/s. */
  decodeTokensPerS: Estimate;
  /** Of successive requests' times at lag 1; null below 3 runs. */
  autocorrelation: number | null;
  /** Tukey's class of each run's time; labelled, never dropped. */
  outliers: OutlierClass[];
  /** Runs during which the machine was busy with other work. */
  disturbedRuns: number;
  /** Requests that were run and not counted, in order. */
  warmUps: RoundSample[];
  /** Every timed run, in order, none dropped. */
  samples: RoundSample[];
}

/**
 * How not to do it: time the first few requests of a fresh process and report their mean.
 *
 * @throws {RangeError} For numbers that can't be measured, before anything is started.
 * @example
 * ```ts ignore
 * const { decodeTokensPerS } = await brokenBenchmark("smollm2-135m", { precision: "int4" });
 * ```
 */
export async function brokenBenchmark(ref: ModelRef, options: ChapterOptions = {}): Promise<BrokenBenchmarkResult> {
  checkOptions("Cannot time requests", options, BROKEN_OPTIONS);
  const { setting, model, samples } = await timeRequests(ref, withDefaults({ numRuns: 5 }, options), 0);
  return {
    setting,
    model,
    meanMs: mean(samples.map((s) => s.latencyMs)),
    decodeTokensPerS: mean(samples.map((s) => s.decodeTokensPerS!)),
    samples,
  };
}

/**
 * Warm up, time many requests, and report their spread and percentiles with intervals. It is right about one process;
 * two models that it measures one after the other are still compared at different times (see `sequentialSpeedUp`).
 *
 * @param options.warmUpRuns Requests before the timed ones. Default 20.
 * @throws {RangeError} For numbers that can't be measured, before anything is started.
 * @throws {StopError} After Stop, with what was measured (`partialOf`).
 * @example
 * ```ts ignore
 * const { percentilesMs } = await correctBenchmark("smollm2-135m", { precision: "int4" });
 * console.log(percentilesMs.p99.high); // null: 100 runs are too few for a bound
 * ```
 */
export async function correctBenchmark(
  ref: ModelRef,
  options: ChapterOptions & { warmUpRuns?: number } = {},
): Promise<CorrectBenchmarkResult> {
  checkOptions("Cannot time requests", options, CORRECT_OPTIONS);
  const { warmUpRuns = 20, ...rest } = options;
  return correctResult(await timeRequests(ref, withDefaults({ numRuns: 100 }, rest), warmUpRuns, correctResult));
}

interface TimedRequests {
  setting: GenerationSetting;
  model: ModelInfo;
  warmUps: RoundSample[];
  samples: RoundSample[];
}

/** Start a host, run some requests uncounted and some timed, in order. */
async function timeRequests(
  ref: ModelRef,
  options: ChapterOptions & { numRuns: number },
  warmUpRuns: number,
  partial?: (sofar: TimedRequests) => unknown,
): Promise<TimedRequests> {
  const { promptTokens = 5, newTokens = 32, numRuns, seed = 0, start = startHost, ...modelOptions } = options;
  const setting = { promptTokens, newTokens };
  checkSetting(setting, modelFacts(await resolveAny(ref, {}, "headers")));
  const host = await startStoppable(start, ref, { ...modelOptions, graphs: [graphOf(setting)] });
  const result: TimedRequests = { setting, model: host.open.info, warmUps: [], samples: [] };
  const { warmUps, samples, model } = result;
  const total = warmUpRuns + numRuns;
  const bar = progress(`${settingName(setting)}, ${model.name} ${model.precisionLabel}`, total);
  const began = performance.now();
  let first: number[] | null = null, switchesBefore: number | null = null;
  try {
    for (let run = 0; run < total; run++) {
      const before = readNoise([host.pid]), atMs = performance.now() - began;
      const { sample, ids, counters } = await runSetting(host, setting, { seed });
      checkSameTokens(model.name, first, ids);
      first ??= ids;
      const noise = noiseBetween(before, readNoise([host.pid])), switches = counters.involuntarySwitches;
      const involuntarySwitches = switches === null || switchesBefore === null ? null : switches - switchesBefore;
      switchesBefore = switches;
      const timed = { ...sample, atMs, noise, involuntarySwitches };
      (run < warmUpRuns ? warmUps : samples).push(timed);
      bar.update(run + 1, run < warmUpRuns ? "warm-up" : "requests");
    }
    return result;
  } catch (error) {
    throw withPartial(error, partial && samples.length >= 2 ? partial(result) : undefined);
  } finally {
    bar.finish();
    await host.close();
  }
}

function correctResult({ setting, model, warmUps, samples }: TimedRequests): CorrectBenchmarkResult {
  const ms = samples.map((s) => s.latencyMs);
  return {
    setting,
    model,
    meanMs: meanInterval(ms),
    stdMs: sampleStd(ms),
    percentilesMs: {
      p50: percentileInterval(ms, 0.5),
      p95: percentileInterval(ms, 0.95),
      p99: percentileInterval(ms, 0.99),
    },
    decodeTokensPerS: geometricMean(samples.map((s) => s.decodeTokensPerS!)),
    autocorrelation: ms.length >= 3 ? autocorrelation(ms) : null,
    outliers: outlierClasses(ms),
    disturbedRuns: samples.filter((s) => s.noise.disturbed).length,
    warmUps,
    samples,
  };
}

/** Decode speed of one model over that of another, as one order of runs tells it. */
export interface OrderedSpeedUp {
  /** "sequential": AAAA BBBB; "rounds": both in every round, in random order. */
  order: "sequential" | "rounds";
  /** Slow-down that was added to the measured times: 0.03 is 3 % more time in the last run than in the first. */
  drift: number;
  /** Speed-up with its 95 % interval. */
  ratio: Estimate & { low: number; high: number };
  /** Whether the interval excludes 1: between identical models a false alarm. */
  differs: boolean;
}

/**
 * Speeds as they would have been, had the machine become slower evenly from the first run to the last.
 *
 * @param speeds In the order in which they were measured.
 * @param drift 0.03: the last run takes 3 % longer.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { withDrift } from "./chapter_benchmarks.ts";
 *
 * assert.deepEqual(withDrift([100, 100, 100], 0.25), [100, 100 / 1.125, 80]);
 * ```
 */
export function withDrift(speeds: readonly number[], drift: number): number[] {
  checkArgument("Cannot add a drift", "speeds", speeds, SPEEDS);
  if (!(drift > -1 && Number.isFinite(drift))) {
    throw new RangeError(`Cannot add a drift: it must be above -1 (0.03 is 3 % more time at the end), got ${drift}`);
  }
  return speeds.map((speed, i) => speed / (1 + drift * i / Math.max(1, speeds.length - 1)));
}

const SPEEDS: Rule<number[]> = list(aNumber);
const TIMED = data<Pick<CorrectBenchmarkResult, "samples">>("what correctBenchmark gives", { samples: entries() });

/**
 * Speed-up of `b` over `a` when all runs of `a` came before those of `b` (AAAA BBBB), with Welch's t interval on log
 * speeds, which takes the runs as independent. Under drift or autocorrelation they are not, and the interval is wrong:
 * this is what `measureRounds` is for.
 */
export function sequentialSpeedUp(
  a: Pick<CorrectBenchmarkResult, "samples">,
  b: Pick<CorrectBenchmarkResult, "samples">,
  drift = 0,
): OrderedSpeedUp {
  noOptions("sequentialSpeedUp", arguments, 3);
  checkArgument("Cannot tell a speed-up", "a", a, TIMED);
  checkArgument("Cannot tell a speed-up", "b", b, TIMED);
  const speeds = withDrift([...a.samples, ...b.samples].map((s) => s.decodeTokensPerS!), drift).map(Math.log);
  const [x, y] = [speeds.slice(0, a.samples.length), speeds.slice(a.samples.length)];
  const [vx, vy] = [sampleStd(x) ** 2 / x.length, sampleStd(y) ** 2 / y.length];
  // Welch and Satterthwaite; two constant samples have no spread to weigh
  const df = vx + vy > 0 ? (vx + vy) ** 2 / (vx ** 2 / (x.length - 1) + vy ** 2 / (y.length - 1)) : speeds.length - 2;
  const log = tInterval(mean(y) - mean(x), Math.sqrt(vx + vy), df, speeds.length);
  const ratio = { ...log, point: Math.exp(log.point), low: Math.exp(log.low), high: Math.exp(log.high) };
  return { order: "sequential", drift, ratio, differs: ratio.low > 1 || ratio.high < 1 };
}

/**
 * Speed-up of the twin over its baseline in the rounds of a generation, with the t interval over blocks of
 * `ratioOverBlocks`; a drift is added to the runs in the order in which they were made.
 *
 * @param config Name of the setting, e.g. "p5_l32".
 */
export function twinSpeedUp(result: RoundsResult, config: string, drift = 0): OrderedSpeedUp {
  noOptions("twinSpeedUp", arguments, 3);
  checkArgument("Cannot tell a speed-up", "result", result, ROUNDS_RESULT);
  const { baseline, twin } = result;
  const rounds = result.rounds.filter((r) => r.config === config);
  const runs = rounds.flatMap(({ order, samples }, round) =>
    order.flatMap((model) => {
      const speed = samples[model]?.decodeTokensPerS;
      return speed === undefined ? [] : [{ round, model, speed }];
    })
  );
  const drifted = withDrift(runs.map((r) => r.speed), drift);
  const speedOf = (round: number, model: string) =>
    drifted[runs.findIndex((r) => r.round === round && r.model === model)];
  const pairs = rounds.flatMap(({ block, samples }, round) =>
    samples[baseline] && samples[twin]
      ? [{ block, candidate: speedOf(round, twin), baseline: speedOf(round, baseline) }]
      : []
  );
  const stoppedByWidth = result.settings.find((s) => s.config === config)?.stoppedBy === "width";
  const ratio = ratioOverBlocks(pairs, { stoppedByWidth });
  return { order: "rounds", drift, ratio, differs: ratio.low > 1 || ratio.high < 1 };
}
