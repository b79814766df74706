/** What rounds give: every sample, in order, with who ran when. */
import type { DecodeWay, ModelInfo } from "../model/protocol.ts";
import { blockLogRatios } from "../stats/ratio.ts";
import type { Environment } from "./environment.ts";
import type { Noise } from "./noise.ts";
import type { StoppedBy } from "./rounds_plan.ts";
import { isGeneration, type ThroughputSetting } from "./setting.ts";
import type { SpeedSample } from "./speed_sample.ts";
import type { WarmUp } from "./warm_up.ts";

/** One repeat of one model in a round. */
export interface RoundSample extends SpeedSample {
  /** When it began, in ms since the first round. */
  atMs: number;
  noise: Noise;
  /** Times that the host lost its CPU to others meanwhile; null where the system does not tell. */
  involuntarySwitches: number | null;
}

/** One round: every model once, one after the other. */
export interface Round {
  config: string;
  block: number;
  /** Counts from 0 within its setting. */
  round: number;
  /** In which order the models ran. */
  order: string[];
  /** A model that failed before has none. */
  samples: Record<string, RoundSample>;
}

export interface RoundsSetting {
  config: string;
  kind: "generation" | "batch";
  setting: ThroughputSetting;
  rounds: number;
  blocks: number;
  stoppedBy: StoppedBy;
  /** Rounds, warm-up and its share of starting hosts. */
  minutes: number;
}

export interface RoundsResult {
  baseline: string;
  /** Name of the second process of the baseline's model: what differs between identical models. */
  twin: string;
  /** Groups of names that stand for one and the same model, the baseline and its twin among them. */
  identical?: string[][];
  seed: number;
  way: DecodeWay;
  settings: RoundsSetting[];
  rounds: Round[];
  /** Facts of each model, the twin's among them. */
  models: Record<string, ModelInfo>;
  warmUps: (WarmUp & { model: string; config: string; block: number })[];
  /** Models that failed; they take no part in later rounds. */
  failures: { model: string; config: string; block: number; reason: string }[];
  environment: Environment;
  startedAt: string;
  seconds: number;
}

/** The speeds of a sample, in tokens/s. */
export type SpeedMetric = "throughputTokensPerS" | "decodeTokensPerS" | "prefillTokensPerS";

export function twinName(baseline: string): string {
  return `${baseline} (A/A twin)`;
}

/** The metric that a setting's stop rule and verdict look at. */
export function primarySpeed(setting: ThroughputSetting): SpeedMetric {
  return isGeneration(setting) ? "decodeTokensPerS" : "throughputTokensPerS";
}

/** Pairs of one metric of two models in the rounds of a setting in which both ran. */
export function pairedSpeeds(
  rounds: readonly Round[],
  config: string,
  metric: SpeedMetric,
  candidate: string,
  baseline: string,
): { block: number; candidate: number; baseline: number }[] {
  return rounds.flatMap(({ config: c, block, samples }) => {
    const a = samples[candidate]?.[metric], b = samples[baseline]?.[metric];
    return c === config && a !== undefined && b !== undefined ? [{ block, candidate: a, baseline: b }] : [];
  });
}

/** The blocks' mean log ratios of each candidate's primary speed to the baseline's: shape [candidates][blocks]. */
export function candidateRatios(
  result: RoundsResult,
  setting: ThroughputSetting,
  config: string,
  candidates: string[],
): number[][] {
  return candidates.map((name) =>
    blockLogRatios(pairedSpeeds(result.rounds, config, primarySpeed(setting), name, result.baseline))
  );
}
