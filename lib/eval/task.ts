/** What a task is: a small file that says how a row becomes a question, and what is counted. */
import type { Program } from "./sandbox/program.ts";
import type { Row } from "./types.ts";

interface TaskBase {
  name: string;
  /** Raise it whenever prompts or scoring change: results of two versions are not compared. */
  version: string;
  /** One line for tables and errors. */
  about: string;
  /** Where the rows come from when none are passed: a name that `loadDataset` knows. Absent: they must be passed. */
  dataset?: string;
  /** Split that is evaluated. */
  split: string;
  /** What lm-eval evaluates, where it is something else: a result on `split` says so. */
  lmEvalUses?: string;
  /** Columns that a row must have, as shown in errors. */
  fields: string[];
}

/** A row as a multiple-choice question: each choice is scored behind the prompt and the task's delimiter. */
export interface ChoiceDoc {
  query: string;
  choices: string[];
  /** Index of the right choice. */
  gold: number;
  /** The answers that the choices stand for, where those are letters. */
  answers?: string[];
  /** Items with the same cluster are not independent. Default: each row is its own. */
  cluster?: string;
  /** The query is a whole prompt already: nothing is put before it. */
  whole?: boolean;
}

export type ChoiceMetric = "acc" | "acc_norm" | "acc_bytes";

/**
 * Where worked examples come from: a split of the task's dataset, or rows of their own. By lm-eval's rules:
 *
 * - `first_n`: the first rows, for every question.
 * - `sample`: drawn anew for every question, by one generator that is seeded with 1234 and goes on from question to
 *   question, so `limit` keeps the draws of the first ones.
 * - `sample_others`: as `sample`, but one more is drawn and the question itself is dropped where it is among them. lm-eval
 *   does so where a task has no test split (hellaswag, piqa, boolq), also when it draws from the train split.
 */
export type FewShot = { rule: "first_n" | "sample" | "sample_others" } & ({ split: string } | { rows: Row[] });

/** Several choices, the one with the largest log-likelihood counts. */
export interface ChoiceTask extends TaskBase {
  kind: "choice";
  /** The first is the task's primary metric. */
  metrics: ChoiceMetric[];
  /** Read one row; throws a `FieldError` for a row that is not a question of this task. */
  doc(row: Row): ChoiceDoc;
  /** Shots when none are asked for: lm-eval's default. */
  shots: number;
  /** Where worked examples come from; absent: there are none. */
  fewShot?: FewShot;
  /** Two wrong choices may be the same, as in some of upstream's rows. Otherwise such a row is faulty. */
  wrongChoicesMayRepeat?: boolean;
  /** Text before everything else. */
  description?(row: Row): string;
  /** What stands between a question and its answer, lm-eval's `target_delimiter`. Default: one space. */
  targetDelimiter?: string;
  /** Fixed strata of the task and the groups that they form; undefined for a row that stands in none. */
  subjects?: { of(row: Row): string | undefined; groups: Record<string, string[]> };
}

/** A text, and what goes on with it. */
export interface CompletionDoc {
  context: string;
  /** What is scored after the context, the space before it included. */
  continuation: string;
  /** Items with the same cluster are not independent. Default: each row is its own. */
  cluster?: string;
}

export type CompletionMetric = "acc" | "perplexity";

/**
 * One continuation, without choices: `acc` counts those whose every token is the model's first choice, `perplexity` is
 * exp(-mean ln p) of whole continuations.
 */
export interface CompletionTask extends TaskBase {
  kind: "completion";
  /** The first is the task's primary metric. */
  metrics: CompletionMetric[];
  /** Read one row; throws a `FieldError` for a row that is none of this task. */
  doc(row: Row): CompletionDoc;
}

/** Information in whole documents over their bytes; 2 to the power of it per byte, and per word. */
export type TextMetric = "bits_per_byte" | "byte_perplexity" | "word_perplexity";

/** Whole documents, scored from their first token to their last. */
export interface TextTask extends TaskBase {
  kind: "text";
  /** The first is the task's primary metric. */
  metrics: TextMetric[];
  text(row: Row): string;
  /** Documents of one cluster are not independent. Default: each row is its own. */
  cluster?(row: Row): string | undefined;
}

/** A row as a programming problem: the model continues `prompt`, and the program that comes of it is run. */
export interface Problem {
  prompt: string;
  /** The program of a completion that was cut already: what is run in the sandbox, tests included. */
  program(completion: string): Program;
  /** The upstream name, e.g. "HumanEval/0". */
  id?: string;
}

/** Settings of a generated task that have a name, e.g. `lm-eval` or `chapter`. */
export interface GeneratePreset {
  samples: number;
  temperature: number;
  topP: number;
  maxNewTokens: number;
  /** The k of each pass@k that is reported, first the primary one. */
  k: number[];
}

/** Programs are sampled, cut, and run; a problem is solved by a program that passes its tests. */
export interface GenerateTask extends TaskBase {
  kind: "generate";
  language: "python" | "typescript";
  problem(row: Row): Problem;
  /** The rules by which a completion is cut, by name: it ends before the first of these strings. */
  truncations: Record<string, string[]>;
  /** The rule when none is asked for. */
  truncation: string;
  presets: Record<string, GeneratePreset>;
  /** The preset when none is asked for. */
  preset: string;
}

/** Tasks whose answers are log-likelihoods. */
export type ScoredTask = ChoiceTask | CompletionTask | TextTask;

export type Task = ScoredTask | GenerateTask;

/** The metrics that a task has by its defaults, first the primary one. */
export function taskMetrics(task: Task): string[] {
  return task.kind === "generate" ? task.presets[task.preset].k.map((k) => `pass@${k}`) : task.metrics;
}

/** The graph of a model that a task runs. */
export function taskGraph(task: Task): "score" | "batch" {
  return task.kind === "generate" ? "batch" : "score";
}
