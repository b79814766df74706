/** A task's groups and subjects, each with its interval. */
import { suggestion } from "../check/nearest.ts";
import { object, optional } from "../check/objects.ts";
import { checkOptions } from "../check/options.ts";
import { list, word } from "../check/rules.ts";
import type { View } from "./display.ts";
import { type NamedResults, namedResults } from "./eval_table.ts";
import { estimateParts } from "./format.ts";
import { metricLabel, usableScore } from "./labels.ts";
import { type Cell, tableView } from "./table.ts";

export interface GroupsTableOptions {
  /** Only these groups or subjects, in this order. Default: all. */
  groups?: string[];
  /** Default: the first of the result. */
  metric?: string;
}

export const GROUPS_OPTIONS = object<GroupsTableOptions>({ groups: optional(list(word)), metric: optional(word) });

/**
 * A row for every group and subject, a column for every model.
 *
 * @param results Of a task with subjects, one for each model.
 * @throws {RangeError} If no result has groups, or none has the metric.
 */
export function groupsTable(results: NamedResults, options: GroupsTableOptions = {}): View {
  checkOptions("Cannot draw groups", options, GROUPS_OPTIONS);
  const all = namedResults(results).filter(({ result }) => Object.keys(result.groups).length);
  if (!all.length) throw new RangeError("Cannot draw groups: no result has any; mmlu has");
  const metrics = [...new Set(all.flatMap(({ result }) => Object.keys(result.metrics)))];
  const { metric = metrics[0] } = options;
  const { groups = [...new Set(all.flatMap(({ result }) => Object.keys(result.groups)))] } = options;
  if (!metrics.includes(metric)) {
    throw new RangeError(`Cannot draw groups: no result has the metric "${metric}"${suggestion(metric, metrics)}`);
  }
  const { scale, unit } = metricLabel(metric);
  return tableView({
    caption: `${all[0].result.task} ${metric} by group and subject`,
    columns: [
      { title: "group" },
      { title: "n" },
      ...all.map(({ name }) => ({ title: name, detail: `${unit}, 95 % CI`, nowrap: true })),
    ],
    rows: groups.map((group): Cell[] => [
      group.replaceAll("_", " "),
      Math.max(...all.map(({ result }) => result.groups[group]?.n ?? 0)).toLocaleString("en"),
      ...all.map(({ result }): Cell => {
        const estimate = result.groups[group]?.metrics[metric];
        if (!estimate) return "—";
        const { point, interval } = estimateParts(usableScore(metric, estimate), { scale, units: "items" });
        return { main: point, details: interval ? [interval] : [] };
      }),
    ]),
    notes: ["Subjects are fixed parts of the task: a group's interval holds the chance of its questions alone."],
  });
}
