/** Results of one architecture trained from several seeds, as one result whose intervals are over seeds. */
import { aggregate, higherIsBetter } from "./metrics.ts";
import { itemsNearFlip } from "./margins.ts";
import { findTask } from "./registry.ts";
import { sanity } from "./sanity.ts";
import type { EvalResult } from "./types.ts";

/**
 * The items of all seeds, those of one seed as a cluster: the unit of every interval, and of paired differences between
 * two architectures joined alike, is a training run, not a text. What another choice of texts would change is not in it.
 *
 * @param results Of the same task on the same rows, one a seed.
 * @throws {RangeError} If they are not of one task, or the task has subjects or generates programs.
 */
export function joinSeeds(results: EvalResult[], level = 0.95): EvalResult {
  const names = [...new Set(results.map((r) => r.task))], [name] = names;
  if (names.length !== 1) {
    throw new RangeError(`Cannot join seeds: results are of ${names.join(" and ") || "no task"}; give one task's`);
  }
  const task = findTask(name);
  if (task.kind === "generate" || (task.kind === "choice" && task.subjects)) {
    throw new RangeError(`Cannot join seeds of ${name}: it generates programs or has subjects; choose another task`);
  }
  const span = 1 + Math.max(...results.flatMap(({ items }) => items.map(({ row }) => row)));
  const items = results.flatMap((result, seed) =>
    result.items.map((item) => ({ ...item, row: seed * span + item.row, cluster: `seed ${seed}` }))
  );
  const { metrics, groups } = aggregate(task, items, level);
  return {
    ...results[0],
    n: items.length,
    metrics,
    groups,
    higherIsBetter: Object.fromEntries(task.metrics.map((metric) => [metric, higherIsBetter(metric)])),
    sanity: sanity(items),
    nearFlips: itemsNearFlip({ items, metrics }),
    failed: results.flatMap((result) => result.failed),
    items,
    notes: [...results[0].notes, `${results.length} seeds of training; intervals are over seeds, on the same rows.`],
  };
}
