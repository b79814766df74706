/** What the views read from a comparison: names, settings, and paired differences between any two models. */
import { decidingMetric } from "../compare/quality_findings.ts";
import type { Trust } from "../compare/raw.ts";
import { pairedDifference } from "../compare/paired_difference.ts";
import type { SummaryRow, TableRow } from "../compare/rows.ts";
import type { EvalResult } from "../eval/types.ts";
import { pairedSpeeds, type ResumedRounds } from "../measure/rounds_result.ts";
import type { SettingTokens } from "../measure/text_plan.ts";
import { byteFactor, inBytes } from "../measure/text_speed.ts";
import type { TextTokens } from "../measure/text_tokens.ts";
import type { Estimate } from "../stats/estimate.ts";
import type { Environment } from "../measure/environment.ts";
import type { Noise } from "../measure/noise.ts";
import type { DecodeWay, ModelInfo } from "../model/info.ts";
import type { LevelOptions } from "../stats/mean_interval.ts";
import { exactFactor, usableScaledInterval } from "../stats/log_factor.ts";
import { blockLogRatios } from "../stats/ratio.ts";

/** Tokens a second of one request or forward pass; the fields that a setting has depend on its kind. */
export interface SpeedSample {
  throughputTokensPerS: number;
  decodeTokensPerS?: number | null;
  prefillTokensPerS?: number | null;
  /** What else the machine did meanwhile; absent in made-up data. */
  latencyMs?: number;
  noise?: Noise;
  involuntarySwitches?: number | null;
}

/** One round: the same setting by every model, in random order. */
export interface RoundData {
  config: string;
  block: number;
  round: number;
  samples: Record<string, SpeedSample>;
  /** Its block was cut short. */
  cut?: true;
}

/** The part of a `Comparison` that views read; tests pass a made-up one. */
export interface ComparisonData {
  readonly table: { objects(): object[] };
  readonly summary: { objects(): object[] };
  readonly raw: {
    models: Record<string, { info?: ModelInfo | null; memory?: Record<string, { memoryGb: Estimate }> }>;
    baseline: string;
    /** How tokens were decoded; absent in made-up data. */
    way?: DecodeWay;
    /** How each model decoded them, where not all could in `way`. */
    ways?: Record<string, DecodeWay>;
    /** Within this a speed-up or a difference counts as the same. */
    band: { speed: number; quality: number };
    /** The baseline's second process, as it is called in `rounds`. */
    twin: { name: string } | null;
    /** This machine's history of twins; null or absent where none is kept. */
    trust?: Trust | null;
    /** Where tokenizers differ: how much text a token of each model stands for. */
    text?: TextTokens | null;
    /** Groups of names that stand for one model each; absent in files of earlier versions. */
    identical?: string[][];
    betweenTokenizers?: boolean;
    failures: { model: string; config: string; reason: string }[];
    settings: {
      config: string;
      kind: string;
      /** Of a setting in bytes. */
      tokens?: SettingTokens;
      rounds?: number;
      blocks?: number;
      stoppedBy?: string | null;
      minutes?: number;
    }[];
    rounds: RoundData[];
    environment?: Pick<Environment, "loadAverage" | "logicalCores" | "containerCores">;
    tasks: Record<string, Record<string, EvalResult>>;
    /** Rounds of an interrupted run that this one went on with, or why it did not. */
    resumed?: ResumedRounds | null;
    startedAnew?: string | null;
  };
}

export type { SummaryRow, TableRow };

export type SpeedMetric = "decodeTokensPerS" | "throughputTokensPerS";

export function modelNames(comparison: ComparisonData): string[] {
  return Object.keys(comparison.raw.models);
}

export function summaryRows(comparison: ComparisonData): SummaryRow[] {
  return comparison.summary.objects() as SummaryRow[];
}

/** What a setting is about: decode speed of a generation, throughput of a batch. */
export function speedMetric(kind: string): SpeedMetric {
  return kind === "generation" ? "decodeTokensPerS" : "throughputTokensPerS";
}

/**
 * Speed of each round in which `name` ran, in tokens a second or, where the setting is told in them (or `bytes` says so),
 * in bytes: shape [rounds], with its block. None where it is told in bytes and the model has no tokenizer.
 */
export function speedSamples(
  comparison: ComparisonData,
  config: string,
  metric: SpeedMetric,
  name: string,
  bytes = inBytes(comparison.raw, config),
): { block: number; value: number }[] {
  const factor = bytes ? byteFactor(comparison.raw, { config, metric }, name) : exactFactor(1);
  if (!factor) return [];
  return comparison.raw.rounds.flatMap(({ config: c, block, samples }) => {
    const value = c === config ? samples[name]?.[metric] : undefined;
    return typeof value === "number" && value > 0 ? [{ block, value: value * Math.exp(factor.log) }] : [];
  });
}

/**
 * Geometric mean of a model's speed, in the unit of `speedSamples`, with its interval over blocks; null with too few for
 * one that says anything.
 */
export function speedEstimate(
  comparison: ComparisonData,
  config: string,
  metric: SpeedMetric,
  name: string,
  bytes = inBytes(comparison.raw, config),
): Estimate | null {
  const samples = speedSamples(comparison, config, metric, name, bytes);
  if (!samples.length) return null;
  const units = blockLogRatios(samples.map(({ block, value }) => ({ block, candidate: value, baseline: 1 })));
  const factor = bytes ? byteFactor(comparison.raw, { config, metric }, name)! : exactFactor(1);
  return usableScaledInterval(units, { ...factor, log: 0 }, {}); // the samples are scaled already
}

/**
 * Speed of `a` over speed of `b` in the same rounds, in bytes where the setting is told in them; null with too few blocks
 * for an interval that says anything.
 */
export function speedRatio(
  comparison: ComparisonData,
  setting: { config: string; metric: SpeedMetric },
  a: string,
  b: string,
  options: LevelOptions = {},
): Estimate | null {
  const pairs = pairedSpeeds(comparison.raw.rounds, setting.config, setting.metric, a, b);
  const stoppedBy = comparison.raw.settings.find((s) => s.config === setting.config)?.stoppedBy;
  const factor = inBytes(comparison.raw, setting.config) ? byteFactor(comparison.raw, setting, a, b) : exactFactor(1);
  return factor &&
    usableScaledInterval(blockLogRatios(pairs), factor, { ...options, stoppedByWidth: stoppedBy === "width" });
}

/** A task's primary metric, which decides it, and what guessing scores; null where no model has a result. */
export function primaryMetric(
  comparison: ComparisonData,
  task: string,
): { metric: string; higherIsBetter: boolean; chance: number | null } | null {
  const result = Object.values(comparison.raw.tasks[task] ?? {})[0];
  if (!result) return null;
  const metric = decidingMetric(result, comparison.raw);
  return { metric, higherIsBetter: result.higherIsBetter[metric] ?? true, chance: result.chance[metric] ?? null };
}

/** `a` minus `b` in the task's primary metric, paired by item; null when they share no items. */
export function qualityDifference(
  comparison: ComparisonData,
  task: string,
  a: string,
  b: string,
  options: LevelOptions = {},
): Estimate | null {
  const { [a]: candidate, [b]: baseline } = comparison.raw.tasks[task] ?? {};
  return candidate && baseline
    ? pairedDifference(candidate, baseline, decidingMetric(candidate, comparison.raw), options)
    : null;
}

/** Peak memory in GB (10^9 bytes) while running `config`; null where it was not measured. */
export function memoryEstimate(comparison: ComparisonData, config: string, name: string): Estimate | null {
  return comparison.raw.models[name]?.memory?.[config]?.memoryGb ?? null;
}
