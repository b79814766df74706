/** What an evaluation reads and gives: plain data, JSON-serialisable, paired between models by `row` and `subject`. */
import type { Estimate } from "../stats/estimate.ts";
import type { ModelInfo } from "../model/info.ts";
import type { ScoreSettings } from "../model/score_options.ts";
import type { GeneratedFacts } from "./generated/facts.ts";
import type { Verdict } from "./sandbox/program.ts";

/** One record of a dataset, its columns in the dataset's order. */
export type Row = Record<string, unknown>;

/** One generated program and what became of it. */
export interface ProgramSample {
  /** The seed of its run, and its number within that run. */
  seed: number;
  sample: number;
  /** The completion, cut by the task's rule. */
  completion: string;
  /** Tokens that were generated, before cutting. */
  tokens: number;
  finishReason: "stop" | "length";
  verdict: Verdict;
  /** One line: the error of a program that did not pass. */
  reason?: string;
}

/** What was found for one row. */
export interface EvalItem {
  /** Index in the full split (of its subject), or in the rows that were passed. */
  row: number;
  /** The stratum: an MMLU subject. */
  subject?: string;
  /** Items of one cluster stem from one source and are not independent (HellaSwag: `source_id`). */
  cluster?: string;
  /** Summed ln p of each choice, in the order of the row. */
  logLikelihoods?: number[];
  /** Whether each token of a choice was the most probable one, for each choice. */
  isGreedy?: boolean[];
  /** ln p of the right choice; for text, of the whole document. */
  goldLogLikelihood?: number;
  /** Index of the right choice. */
  gold?: number;
  /** Index of the longest answer, in code points; the first wins a tie. */
  longest?: number;
  /** Code points of each choice, without the delimiter. */
  choiceChars?: number[];
  /** UTF-8 bytes of each choice, without the delimiter. */
  choiceBytes?: number[];
  /**
   * 1 if the largest log-likelihood is the right choice's, else 0; null where a task knows no right and wrong. Another
   * program's task may give a share.
   */
  correct: number | null;
  /** The same by log-likelihood per character (acc_norm). */
  correctNorm?: number;
  /** The same by log-likelihood per UTF-8 byte (acc_bytes). */
  correctBytes?: number;
  /** Numbers that another program gave for metrics of its own, by name. */
  values?: Record<string, number>;
  /** Generated tasks: each program; `correct` is the share that passed. */
  samples?: ProgramSample[];
  /** Text: information in the document, -log2 p. */
  bits?: number;
  /** Text: UTF-8 bytes of the document. */
  bytes?: number;
  /** Text: parts between white space, as lm-eval counts words. */
  words?: number;
  /** Tokens that were scored, over all choices. */
  tokens: number;
  /** SHA-256 of the prompt, as lm-eval's `prompt_hash`. */
  promptHash: string;
  /**
   * Choices and continuations: hash of all that the model was asked, see `requestHash` in hashes.ts. Of a text or a
   * problem the prompt is all. Results of earlier versions lack it.
   */
  requestHash?: string;
}

export interface FailedRow {
  row: number;
  subject?: string;
  reason: string;
}

export interface MetricGroup {
  n: number;
  metrics: Record<string, Estimate>;
}

/** Where and with what a result was made. */
export interface EvalEnvironment {
  model: ModelInfo;
  /** Program versions, e.g. { deno: "2.8.1", v8: ..., onnxruntime: ... }. */
  versions: Record<string, string>;
  os: string;
  arch: string;
  logicalCores: number;
  startedAt: string;
  /** Scoring alone, without opening the model. */
  seconds: number;
  /** Items that an earlier run had finished, and that were taken from the store. */
  reused: number;
  /** Absent if everything was there already. */
  split?: EvalSplit;
  /** Settings of scoring that were asked for; empty: the defaults. */
  scoring?: ScoreSettings;
}

/** How an evaluation was spread over processes. */
export interface EvalSplit {
  hosts: number;
  /** Threads of each. */
  threads: number;
  /** The splits that `hosts: "auto"` tried, with their speeds. */
  measured?: { hosts: number; threads: number; requestsPerS: number }[];
}

/** What answers that read no question would score. */
export interface Sanity {
  /** Share of items whose right answer stands first, second, ...: far from equal, a favourite place alone scores. */
  goldShares: number[];
  /** Share of items at which the model chose each place, by the summed log-likelihood: a model that guesses has a favourite. */
  chosenShares: number[];
  /** Share of right answers when every item is answered by the same rule. */
  baselines: {
    /** Any choice, each as likely. */
    random: number;
    /** Always the place that is right most often (known only afterwards, so it is the most that a place can give). */
    majority: number;
    /** The longest answer: writers of questions tend to spell out the right one. */
    longest: number;
  };
}

/** How many items a small change of the log-likelihoods could turn. */
export interface NearFlips {
  /** How far each log-likelihood may move. */
  distance: number;
  /** For each metric of choices: items that could turn from right to wrong or back, of all that have choices. */
  metrics: Record<string, { near: number; of: number }>;
  /** The finding in one sentence, e.g. "acc_norm: 2 of 200 items could flip within ...". */
  sentence: string;
}

export interface EvalResult {
  task: string;
  /** Changes whenever the task's prompts or scoring change. */
  version: string;
  shots: number;
  /** Items behind the metrics. */
  n: number;
  /** The first is the task's primary metric. */
  metrics: Record<string, Estimate>;
  /** Whether more is better, for each metric. */
  higherIsBetter: Record<string, boolean>;
  /** What guessing would score, for each metric that has such a level. */
  chance: Record<string, number>;
  /** What answering without reading would score; null for a task without choices. */
  sanity: Sanity | null;
  /** How many items another batch size or packing could turn from right to wrong or back. */
  nearFlips: NearFlips;
  /** Subjects and groups of subjects; empty for a task without them. */
  groups: Record<string, MetricGroup>;
  /** Rows that could not be evaluated; they are in no metric. */
  failed: FailedRow[];
  items: EvalItem[];
  /** Generated tasks: how programs were sampled, and what became of them. */
  generated?: GeneratedFacts;
  /** What the settings and the data cannot show, in sentences. */
  notes: string[];
  /** Where the rows came from, e.g. "hellaswag validation" or "rows that were passed". */
  data: string;
  environment: EvalEnvironment;
}

/** What pairs an item with the same row of another model's result. */
export function itemKey(item: EvalItem): string {
  return JSON.stringify([item.subject ?? null, item.row]);
}

/** The source of an item; one of its own where none is named. */
export function itemCluster(item: EvalItem): string {
  return item.cluster ?? itemKey(item);
}
