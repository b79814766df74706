/** The fields of what may be asked of a task, and which of them are for its kind. */
import { Check } from "../check/check.ts";
import { LEVEL, ROWS, SAMPLES, SEED, TEMPERATURE, TOKENS, TOP_P } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { distinct, integer, word } from "../check/rules.ts";
import { ROW_SELECTION } from "../store/dataset.ts";
import { SANDBOX_OPTIONS } from "./sandbox/program.ts";
import type { Task } from "./task.ts";
import type { TaskOptions } from "./types.ts";

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
