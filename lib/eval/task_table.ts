/** What tasks there are, as data: made from the tasks themselves and the catalog. */
import { checkArgument, noOptions } from "../check/options.ts";
import { list, word } from "../check/rules.ts";
import { catalogDataset, datasetNames } from "../store/catalog.ts";
import { findTask, taskNames } from "./registry.ts";
import { taskMetrics } from "./task.ts";

export interface TaskRow {
  task: string;
  about: string;
  /** `choice`, `completion` or `text`. */
  kind: string;
  /** The first is the primary one. */
  metrics: string[];
  /** Worked examples when none are asked for. */
  shots: number;
  /** Null: rows must be passed. */
  dataset: string | null;
  split: string;
  /** What lm-eval evaluates, where it is something else. */
  lmEvalUses: string | null;
  /** Of the data, SPDX; null for data of the user's own. */
  license: string | null;
}

/**
 * All tasks that can be evaluated, those of `defineTask` too, a row each.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { taskTable } from "./task_table.ts";
 *
 * const [hellaswag] = taskTable();
 * assert.deepEqual(hellaswag.metrics, ["acc_norm", "acc", "acc_bytes"]);
 * assert.equal(hellaswag.license, "MIT");
 * ```
 */
export function taskTable(names: string[] = taskNames()): TaskRow[] {
  noOptions("taskTable", arguments, 1);
  checkArgument("Cannot list tasks", "names", names, list(word));
  return names.map((name) => {
    const task = findTask(name);
    const known = task.dataset !== undefined && datasetNames().includes(task.dataset);
    return {
      task: task.name,
      about: task.about,
      kind: task.kind,
      metrics: taskMetrics(task),
      shots: task.kind === "choice" ? task.shots : 0,
      dataset: task.dataset ?? null,
      split: task.split,
      lmEvalUses: task.lmEvalUses ?? null,
      license: known ? catalogDataset(task.dataset!).license : null,
    };
  });
}
