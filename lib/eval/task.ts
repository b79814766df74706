/** What a task is: a small file that says how a row becomes a question, and what is counted. */
import type { Row } from "./types.ts";

interface TaskBase {
  name: string;
  /** Raise it whenever prompts or scoring change: results of two versions are not compared. */
  version: string;
  /** One line for tables and errors. */
  about: string;
  /** Where the rows come from when none are passed: a name that `loadDataset` knows. */
  dataset: string;
  /** Split that is evaluated. */
  split: string;
  /** Columns that a row must have, as shown in errors. */
  fields: string[];
}

/** A row as a multiple-choice question: each choice is scored as the continuation `" " + choice` of the prompt. */
export interface ChoiceDoc {
  query: string;
  choices: string[];
  /** Index of the right choice. */
  gold: number;
  /** Items with the same cluster are not independent. Default: each row is its own. */
  cluster?: string;
  /** The query is a whole prompt already: nothing is put before it. */
  whole?: boolean;
}

export type ChoiceMetric = "acc" | "acc_norm" | "acc_bytes";

/** Several choices, the one with the largest log-likelihood counts. */
export interface ChoiceTask extends TaskBase {
  kind: "choice";
  /** The first is the task's primary metric. */
  metrics: ChoiceMetric[];
  /** Read one row; throws a `FieldError` for a row that is not a question of this task. */
  doc(row: Row): ChoiceDoc;
  /** Shots when none are asked for: lm-eval's default. */
  shots: number;
  /** Where worked examples come from; absent: there are none. `first_n`: a split's first rows, for every question. */
  fewShot?: { split: string; rule: "first_n" };
  /** Text before everything else. */
  description?(row: Row): string;
  /** Fixed strata of the task and the groups that they form; undefined for a row that stands in none. */
  subjects?: { of(row: Row): string | undefined; groups: Record<string, string[]> };
}

/** Whole documents, scored from their first token to their last. */
export interface TextTask extends TaskBase {
  kind: "text";
  metrics: ["bits_per_byte"];
  text(row: Row): string;
  /** Documents of one cluster are not independent. Default: each row is its own. */
  cluster?(row: Row): string | undefined;
}

export type Task = ChoiceTask | TextTask;
