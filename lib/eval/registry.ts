/** The tasks that can be evaluated, by name. */
import type { Task } from "./task.ts";
import { bitsPerByte } from "./tasks/bits_per_byte.ts";
import { hellaswag } from "./tasks/hellaswag.ts";
import { mmlu } from "./tasks/mmlu.ts";

const TASKS = new Map<string, Task>([hellaswag, mmlu, bitsPerByte].map((task) => [task.name, task]));

export function taskNames(): string[] {
  return [...TASKS.keys()];
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
 * assert.equal(findTask("hellaswag").metrics[0], "acc_norm");
 * assert.throws(() => findTask("mmmlu"), /Unknown task "mmmlu".*hellaswag, mmlu, bits_per_byte/);
 * ```
 */
export function findTask(name: string): Task {
  const task = TASKS.get(name);
  if (task) return task;
  throw new RangeError(`Unknown task ${JSON.stringify(name)}: there are ${taskNames().join(", ")}; pass one of those`);
}
