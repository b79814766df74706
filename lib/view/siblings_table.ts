/** Architectures that were trained alike: what each learned, and how. */
import { checkArgument, noOptions } from "../check/options.ts";
import { SIBLINGS_RESULT } from "../train/siblings_field.ts";
import type { SiblingsResult } from "../train/train_siblings.ts";
import { SHARE, usableOn, usablePositive } from "../stats/usable.ts";
import type { View } from "./display.ts";
import { formatEstimate, formatNumber } from "./format.ts";
import { tableView } from "./table.ts";

const METRICS = {
  accuracy: { title: "accuracy", detail: "%, 95 % CI over seeds", scale: 100 },
  bitsPerByte: { title: "bits per byte", detail: "95 % CI over seeds", scale: 1 },
};

/** One row a sibling: its size, what training took, and the task's metric with an interval over seeds. */
export function siblingsTable(result: SiblingsResult): View {
  noOptions("siblingsTable", arguments, 1);
  checkArgument("Cannot show siblings", "result", result, SIBLINGS_RESULT);
  const { task, budget, siblings } = result;
  const metric = METRICS[task.metric], level = (x: number) => formatNumber(x * metric.scale);
  const entries = Object.entries(siblings), seeds = entries[0][1].runs.length;
  return tableView({
    caption: `${task.name}: siblings trained for ${budget} each`,
    columns: [
      { title: "architecture" },
      { title: "parameters" },
      { title: "learning rate", detail: "best of the search" },
      { title: "steps" },
      { title: "FLOPs", detail: "G a seed" },
      { title: "time", detail: "s a seed" },
      { title: metric.title, detail: metric.detail },
    ],
    rows: entries.map(([name, { parameters, learningRate, runs, score }]) => [
      name,
      parameters.toLocaleString("en"),
      String(learningRate),
      String(runs[0].steps),
      formatNumber(runs[0].flops / 1e9),
      formatNumber(runs.reduce((sum, { seconds }) => sum + seconds, 0) / runs.length),
      formatEstimate(task.metric === "accuracy" ? usableOn(score, SHARE) : usablePositive(score), {
        scale: metric.scale,
        units: "seeds",
      }),
    ]),
    notes: [
      `${seeds} ${seeds === 1 ? "seed" : "seeds"} of parameters and batches each; chance ${level(task.chance)}` +
      (task.ceiling === null ? ", ceiling not known." : `, ceiling ${level(task.ceiling)}.`),
    ],
  });
}
