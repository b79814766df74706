/** What a benchmark gives: numbers with intervals, and everything that they were made of. */
import { anObject, data } from "../check/data.ts";
import { type FlopsOptions, specFlops } from "../cost/flops.ts";
import type { ArchSpec } from "../arch/spec.ts";
import type { ProcessCounters } from "../model/protocol.ts";
import type { DecodeWay, ModelInfo } from "../model/info.ts";
import type { Estimate } from "../stats/estimate.ts";
import { geometricMean } from "../stats/geometric_mean.ts";
import { meanInterval } from "../stats/mean_interval.ts";
import { outlierClasses } from "../stats/outliers.ts";
import { percentileInterval } from "../stats/percentile.ts";
import { autocorrelation } from "../stats/series.ts";
import { mean, median } from "../stats/summary.ts";
import type { Environment } from "./environment.ts";
import type { MemoryResult } from "./memory.ts";
import type { Noise } from "./noise.ts";
import { type BatchSetting, type GenerationSetting, isGeneration, settingName } from "./setting.ts";
import type { SpeedSample } from "./speed_sample.ts";
import type { WarmUp } from "./warm_up.ts";

/** One repeat, with what the machine did meanwhile. */
export interface BenchmarkSample extends SpeedSample {
  noise: Noise;
  counters: ProcessCounters;
}

/**
 * One model on one setting, in one process. Intervals are over the runs of that process: what differs from process to
 * process is not in them. To compare models use `compareArchitectures`.
 */
export interface BenchmarkResult {
  /** `gen_p5_l64` or `batch_b8_s128`. */
  name: string;
  /** Generation: new tokens over the whole request's time; batch: batch * seqLen over one pass's (geometric mean of the runs). */
  throughputTokensPerS: number;
  /** Latency of a whole request, or of one forward pass; type 7, over all runs. Bounds: `percentilesMs`. */
  latencyP50Ms: number;
  latencyP95Ms: number;
  latencyP99Ms: number;
  /** Peak resident memory of a fresh host while it runs, minus what it held before loading, in GB (10^9 bytes). Null if stopped before. */
  memoryGb: number | null;
  /** Of one run, in the convention and with the logits named below. */
  flops: number;
  flopsConvention: "causal";
  logits: "last" | "all";

  kind: "generation" | "batch";
  setting: GenerationSetting | BatchSetting;
  model: ModelInfo;
  /** The architecture that ran, after its edits; null for a graph that was made elsewhere. */
  spec: ArchSpec | null;
  /** Execution provider that really ran. */
  provider: string;
  /** How tokens were decoded; null for a batch. */
  way: DecodeWay | null;
  seed: number;
  numRuns: number;

  throughput: Estimate;
  latencyMs: Estimate;
  /** p95 has no upper bound below 72 runs, p99 none below 368 (null). */
  percentilesMs: { p50: Estimate; p95: Estimate; p99: Estimate };
  /** Generation only, else null: tokens/s are geometric means over runs, times are means over runs. */
  prefillTokensPerS: Estimate | null;
  decodeTokensPerS: Estimate | null;
  ttftMs: Estimate | null;
  tpotMs: Estimate | null;
  /** Median gap between tokens, mean over runs; null when decoding inside the graph hides the gaps. */
  itlMs: Estimate | null;

  memory: MemoryResult | null;
  warmUp: WarmUp;
  /** Of successive latencies; near 1 the intervals above are too narrow. Null below 3 runs. */
  autocorrelation: number | null;
  /** Tukey's classes of the latencies; labelled, never dropped. */
  outliers: { mild: number; severe: number };
  /** Runs during which the machine was busy with other work. */
  disturbedRuns: number;
  /** Every run, in order, none dropped. */
  samples: BenchmarkSample[];
  environment: Environment;
  startedAt: string;
  seconds: number;
}

/** The rule of a benchmark's result where it is an argument. */
export const BENCHMARK_RESULT = data<BenchmarkResult>("the result of a benchmark", {
  setting: anObject(),
  model: anObject(),
});

export interface BenchmarkParts {
  spec: ArchSpec | null;
  /** Of one run; where there is a spec they follow from it. */
  flops?: number;
  setting: GenerationSetting | BatchSetting;
  model: ModelInfo;
  way: DecodeWay;
  seed: number;
  samples: BenchmarkSample[];
  warmUp: WarmUp;
  memory: MemoryResult | null;
  environment: Environment;
  startedAt: string;
  seconds: number;
}

/** Put the samples of one setting together. Needs at least one. */
export function benchmarkResult(parts: BenchmarkParts): BenchmarkResult {
  const { spec, setting, model, way, seed, samples, warmUp, memory, environment, startedAt, seconds } = parts;
  const latencies = samples.map((s) => s.latencyMs);
  const generation = isGeneration(setting);
  const percentile = (p: number) => percentileInterval(latencies, p);
  const percentilesMs = { p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99) };
  const throughput = geometricMean(samples.map((s) => s.throughputTokensPerS));
  const classes = outlierClasses(latencies);
  const gaps = samples.every((s) => s.itlMs) ? samples.map((s) => median(s.itlMs!)) : null;
  const logits = generation ? "last" : setting.logits ?? "last";
  const flops = spec ? specFlops(spec, flopsOptions(setting)).total : parts.flops!;
  const rates = (key: "prefillTokensPerS" | "decodeTokensPerS") =>
    generation ? geometricMean(samples.map((s) => s[key]!)) : null;
  const times = (key: "ttftMs" | "tpotMs") => generation ? meanOf(samples.map((s) => s[key]!)) : null;
  return {
    name: `${generation ? "gen" : "batch"}_${settingName(setting)}`,
    throughputTokensPerS: throughput.point,
    latencyP50Ms: percentilesMs.p50.point,
    latencyP95Ms: percentilesMs.p95.point,
    latencyP99Ms: percentilesMs.p99.point,
    memoryGb: memory?.memoryGb.point ?? null,
    flops,
    flopsConvention: "causal",
    logits,
    kind: generation ? "generation" : "batch",
    setting,
    model,
    spec,
    provider: model.provider,
    way: generation ? way : null,
    seed,
    numRuns: samples.length,
    throughput,
    latencyMs: meanOf(latencies),
    percentilesMs,
    prefillTokensPerS: rates("prefillTokensPerS"),
    decodeTokensPerS: rates("decodeTokensPerS"),
    ttftMs: times("ttftMs"),
    tpotMs: times("tpotMs"),
    itlMs: generation && gaps ? meanOf(gaps) : null,
    memory,
    warmUp,
    autocorrelation: latencies.length >= 3 ? autocorrelation(latencies) : null,
    outliers: {
      mild: classes.filter((c) => c.endsWith("mild")).length,
      severe: classes.filter((c) => c.endsWith("severe")).length,
    },
    disturbedRuns: samples.filter((s) => s.noise.disturbed).length,
    samples,
    environment,
    startedAt,
    seconds,
  };
}

/** What the FLOPs of one run are counted for. */
export function flopsOptions(setting: GenerationSetting | BatchSetting): FlopsOptions {
  if (!isGeneration(setting)) {
    return { promptTokens: setting.seqLen, batch: setting.batch, logits: setting.logits ?? "last" };
  }
  return { promptTokens: setting.promptTokens, newTokens: setting.newTokens, logits: "last" };
}

/** A mean with its t interval; of a single value without bounds. */
function meanOf(values: number[]): Estimate {
  if (values.length < 2) return { point: mean(values), low: null, high: null, level: 0.95, n: values.length };
  return meanInterval(values);
}
