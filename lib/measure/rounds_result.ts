/** What rounds give: every sample, in order, with who ran when. */
import { anObject, data } from "../check/data.ts";
import { entries, word } from "../check/rules.ts";
import type { DecodeWay, ModelInfo } from "../model/info.ts";
import type { Environment } from "./environment.ts";
import type { Noise } from "./noise.ts";
import type { StoppedBy } from "./rounds_plan.ts";
import { isRequest, type ThroughputSetting } from "./setting.ts";
import type { SpeedSample } from "./speed_sample.ts";
import type { SettingTokens } from "./text_plan.ts";
import type { TextTokens } from "./text_tokens.ts";
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
  /** Its block was cut short, since the process was killed; the next one began with new processes. */
  cut?: true;
}

/** Rounds of a run that was interrupted, which this one went on with. */
export interface ResumedRounds {
  /** Start of the first run, ISO 8601. */
  startedAt: string;
  /** Rounds that were there already. */
  rounds: number;
  /** How often the measuring was interrupted. */
  interruptions: number;
}

export interface RoundsSetting {
  config: string;
  kind: "generation" | "batch";
  setting: ThroughputSetting;
  /** Of a setting in bytes: what was cut, and each model's tokens of it. */
  tokens?: SettingTokens;
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
  /** How each model decoded, where not all could in `way`. Absent: all did. */
  ways?: Record<string, DecodeWay>;
  /** Where tokenizers differ: how much text a token of each model stands for. Null, or absent, where they do not. */
  text?: TextTokens | null;
  settings: RoundsSetting[];
  rounds: Round[];
  /** Facts of each model, the twin's among them. */
  models: Record<string, ModelInfo>;
  warmUps: (WarmUp & { model: string; config: string; block: number })[];
  /** Models that failed; they take no part in later rounds. */
  failures: { model: string; config: string; block: number; reason: string }[];
  environment: Environment;
  startedAt: string;
  /** Of this run; what an earlier one took is not in it. */
  seconds: number;
  /** Null where all was measured in one run. */
  resumed: ResumedRounds | null;
  /** Why rounds of an interrupted run were left alone; null where there were none, or they were gone on with. */
  startedAnew: string | null;
}

/** The rule of rounds where they are an argument. */
export const ROUNDS_RESULT = data<RoundsResult>("rounds, as measureRounds gives", {
  baseline: word,
  settings: entries(),
  rounds: entries(),
  models: anObject(),
});

/** A block that was cut short counts if it has so many rounds: a mean of one alone is much noisier than the others'. */
export const MIN_CUT_ROUNDS = 2;

/** The speeds of a sample, in tokens/s. */
export type SpeedMetric = "throughputTokensPerS" | "decodeTokensPerS" | "prefillTokensPerS";

export function twinName(baseline: string): string {
  return `${baseline} (A/A twin)`;
}

/** The metric that a setting's stop rule and verdict look at. */
export function primarySpeed(setting: ThroughputSetting): SpeedMetric {
  return isRequest(setting) ? "decodeTokensPerS" : "throughputTokensPerS";
}

/** What pairs are made of. */
export type PairedRound = Pick<Round, "config" | "block" | "cut"> & {
  samples: Record<string, { [Metric in SpeedMetric]?: number | null }>;
};

/**
 * Pairs of one metric of two models in the rounds of a setting in which both ran. A block that was cut to a single round
 * is left out: the interval gives every block the same weight.
 */
export function pairedSpeeds(
  rounds: readonly PairedRound[],
  config: string,
  metric: SpeedMetric,
  candidate: string,
  baseline: string,
): { block: number; candidate: number; baseline: number }[] {
  const pairs = rounds.flatMap(({ config: c, block, samples, cut = false }) => {
    const a = samples[candidate]?.[metric], b = samples[baseline]?.[metric];
    return c === config && typeof a === "number" && typeof b === "number"
      ? [{ block, candidate: a, baseline: b, cut }]
      : [];
  });
  const inBlock = Map.groupBy(pairs, ({ block }) => block);
  return pairs.filter(({ block, cut }) => !cut || inBlock.get(block)!.length >= MIN_CUT_ROUNDS)
    .map(({ block, candidate, baseline }) => ({ block, candidate, baseline }));
}
