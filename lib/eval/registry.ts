/** The tasks that can be evaluated, by name. */
import { shown } from "../check/check.ts";
import { suggestion } from "../check/nearest.ts";
import type { Task } from "./task.ts";
import { arcChallenge, arcEasy } from "./tasks/arc.ts";
import { bitsPerByte } from "./tasks/bits_per_byte.ts";
import { boolq } from "./tasks/boolq.ts";
import { hellaswag } from "./tasks/hellaswag.ts";
import { humaneval } from "./tasks/humaneval.ts";
import { lambadaOpenai } from "./tasks/lambada_openai.ts";
import { mmlu } from "./tasks/mmlu.ts";
import { multipleTs } from "./tasks/multiple_ts.ts";
import { perplexity } from "./tasks/perplexity.ts";
import { piqa } from "./tasks/piqa.ts";
import { sciq } from "./tasks/sciq.ts";

/** A task of `lib/eval/tasks` is known once it stands here. */
const BUILT_IN: Task[] = [
  hellaswag,
  mmlu,
  bitsPerByte,
  arcEasy,
  arcChallenge,
  piqa,
  boolq,
  sciq,
  lambadaOpenai,
  perplexity,
  humaneval,
  multipleTs,
];

const TASKS = new Map<string, Task>(BUILT_IN.map((task) => [task.name, task]));

/** Names of all tasks: the built-in ones, then those of `defineTask`. */
export function taskNames(): string[] {
  return [...TASKS.keys()];
}

/** The tasks that come with the library, in the order in which they are shown. */
export function builtInTasks(): readonly Task[] {
  return BUILT_IN;
}

/**
 * The task of that name.
 *
 * @throws {RangeError} For an unknown name; the message lists the tasks that there are.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { findTask } from "./registry.ts";
 *
 * assert.equal(findTask("hellaswag").kind, "choice");
 * assert.throws(() => findTask("mmmlu"), /Unknown task "mmmlu"; did you mean "mmlu"\? There are: hellaswag, mmlu/);
 * ```
 */
export function findTask(name: string): Task {
  const task = TASKS.get(name);
  if (task) return task;
  if (typeof name !== "string") {
    throw new TypeError(`Cannot look up a task: its name must be a text, got ${shown(name)}`);
  }
  throw new RangeError(`Unknown task ${shown(name)}${suggestion(name, taskNames())}`);
}

/**
 * Add a task under its name.
 *
 * @throws {RangeError} If a task of this name came with the library, or another was added and `replace` is not set.
 */
export function registerTask(task: Task, replace: boolean): void {
  const { name } = task;
  if (BUILT_IN.some((other) => other.name === name)) {
    throw new RangeError(`Cannot define the task "${name}": a task of the library has this name; choose another`);
  }
  if (TASKS.has(name) && !replace) {
    throw new RangeError(
      `Cannot define the task "${name}": another definition has this name; choose another, or pass replace: true`,
    );
  }
  TASKS.set(name, task);
}
