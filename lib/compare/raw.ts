/** Everything that a comparison measured: plain JSON, from which its tables are made and can be made again. */
import type { ModelRef } from "../arch/model_ref.ts";
import type { EvalResult } from "../eval/types.ts";
import type { Environment } from "../measure/environment.ts";
import type { MemoryResult } from "../measure/memory.ts";
import type { StoppedBy } from "../measure/rounds_plan.ts";
import type { ResumedRounds, Round, RoundsResult, RoundsSetting } from "../measure/rounds_result.ts";
import type { TextTokens } from "../measure/text_tokens.ts";
import type { DecodeWay, ModelInfo } from "../model/info.ts";

export interface ComparedModel {
  ref: ModelRef;
  /** Null if the model was stopped before it ran. */
  info: ModelInfo | null;
  /** For each throughput setting, from fresh processes in a pass of its own. */
  memory: Record<string, MemoryResult>;
}

/** How far a machine puts identical models apart. */
export interface Trust {
  /** Comparisons times settings in which a twin ran along on this machine. */
  runs: number;
  /** Pairs of baseline and twin in them. */
  pairs: number;
  /** The largest difference between the two over the runs: 0.004 is 0.4 %. */
  apart: number;
  /** Whether that lies inside the band in which a speed-up counts as none. */
  withinBand: boolean;
}

export interface ComparisonRaw {
  /** Raised when the shape changes. */
  version: 1;
  models: Record<string, ComparedModel>;
  baseline: string;
  seed: number;
  /** Decode inside the graph or token by token: one way for all models. */
  way: DecodeWay;
  /** How each model decoded, where not all could in `way`. Absent: all did. */
  ways?: Record<string, DecodeWay>;
  /** Within this a speed-up or a difference counts as the same. */
  band: { speed: number; quality: number };
  settings: RoundsSetting[];
  rounds: Round[];
  warmUps: RoundsResult["warmUps"];
  /** Models that failed, and where; they are missing from there on. */
  failures: { model: string; config: string; block: number | null; reason: string }[];
  /** Results by task and model; items are paired by subject and row. */
  tasks: Record<string, Record<string, EvalResult>>;
  /** The second process of the baseline's model, as it is called in `rounds`; null without throughput settings. */
  twin: { name: string } | null;
  /** This machine's history of twins with this run's among them; null where none is kept. */
  trust: Trust | null;
  /**
   * Where tokenizers differ: how much text a token of each model stands for; speeds are then compared in bytes a second.
   * Null where they do not; not in files of earlier versions, which compared tokens.
   */
  text?: TextTokens | null;
  /** Groups of names that stand for one and the same model. Not in files of earlier versions. */
  identical?: string[][];
  /** Whether some two models read a text as different tokens. Not in files of earlier versions. */
  betweenTokenizers?: boolean;
  environment: Environment;
  startedAt: string;
  seconds: number;
  /** Why the rounds of each setting ended. */
  stoppedBy: Record<string, StoppedBy>;
  /** Rounds of an interrupted run that this one went on with; not in files of earlier versions. */
  resumed?: ResumedRounds | null;
  /** Why rounds of an interrupted run were left alone. */
  startedAnew?: string | null;
}
