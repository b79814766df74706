/** The fields of what may be asked of a task, and which of them are for its kind. */
import { Check } from "../check/check.ts";
import { LEVEL, ROWS, SAMPLES, SEED, TEMPERATURE, TOKENS, TOP_P } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { distinct, integer, word } from "../check/rules.ts";
import { ROW_SELECTION } from "../store/dataset.ts";
import { SANDBOX_OPTIONS, type SandboxOptions } from "./sandbox/program.ts";
import type { Task } from "./task.ts";

/** Rows by index in the full split: a list, or for a task with subjects a list for each subject. */
export type RowSelection = number[] | Record<string, number[]>;

export interface TaskOptions {
  /** Split of the task's dataset, or of a dataset of the hub. Default: the task's own. */
  split?: string;
  /** The first rows of the split; with subjects, of each (as lm-eval). Default: all. Not together with `rows`. */
  limit?: number;
  /** Rows by index in the full split (or in the rows that are passed). */
  rows?: RowSelection;
  /** Worked examples before each question. Default: the task's own (lm-eval's; 0 for mmlu and hellaswag). */
  shots?: number;
  /** Coverage of the intervals. Default 0.95. */
  level?: number;
  /** Generated tasks: settings by name. Default: the task's own, `lm-eval`. What is given beside it wins. */
  preset?: string;
  /** Generated tasks: programs a problem and seed. */
  samples?: number;
  /** Generated tasks: 0 is greedy. */
  temperature?: number;
  /** Generated tasks: nucleus sampling. */
  topP?: number;
  /** Generated tasks: seeds of the draws, one run each. Default [0]. */
  seeds?: number[];
  /** Generated tasks: tokens a program at most. */
  maxNewTokens?: number;
  /** Generated tasks: the k of each pass@k, first the primary one. */
  k?: number[];
  /** Generated tasks: the rule by which a completion is cut, by name. */
  truncation?: string;
  /** Generated tasks: bounds of a program's run. */
  sandbox?: SandboxOptions;
}

/** Options that only generated programs have a use for. */
const GENERATED = {
  preset: optional(word),
  samples: optional(SAMPLES),
  temperature: optional(TEMPERATURE),
  topP: optional(TOP_P),
  seeds: optional(distinct(SEED, { min: 1 })),
  maxNewTokens: optional(TOKENS),
  k: optional(distinct(SAMPLES, { min: 1 })),
  truncation: optional(word),
  sandbox: optional(SANDBOX_OPTIONS),
};
const GENERATED_NAMES = Object.keys(GENERATED) as (keyof typeof GENERATED)[];

export const TASK_OPTIONS = object<TaskOptions>({
  split: optional(word),
  limit: optional(ROWS),
  rows: optional(ROW_SELECTION),
  shots: optional(integer({ min: 0, max: 10_000 })),
  level: optional(LEVEL),
  ...GENERATED,
});

/**
 * Refuse what a task of this kind would not look at.
 *
 * @throws {TypeError} Naming the option.
 */
export function refuseOtherKinds(task: Task, options: TaskOptions & { scoring?: unknown }): void {
  const check = new Check(`Cannot evaluate ${task.name}`);
  const given = (name: keyof typeof options) => options[name] !== undefined;
  if (task.kind === "generate") {
    if (given("scoring")) check.wrong("scoring is for log-likelihoods, and its programs are run; leave it out");
    return;
  }
  const other = GENERATED_NAMES.find(given);
  if (other) check.wrong(`${other} is for tasks whose programs are generated and run, and it is scored; leave it out`);
}
