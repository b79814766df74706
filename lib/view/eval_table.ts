/** Results of evaluations, each number beside what it is worth: interval, chance, and rules that read no question. */
import { names } from "../check/objects.ts";
import { checkArgument, noOptions } from "../check/options.ts";
import { byType, list } from "../check/rules.ts";
import { isResult, result } from "../eval/result_field.ts";
import type { EvalResult } from "../eval/types.ts";
import type { View } from "./display.ts";
import { estimateParts, formatNumber } from "./format.ts";
import { metricLabel, usableScore } from "./labels.ts";
import { type Cell, tableView } from "./table.ts";

/** Results by the name of their model, or of their run. */
export type NamedResults = Record<string, EvalResult | EvalResult[]>;

const RESULT = result<EvalResult>();
const ONE_OR_SEVERAL = byType({ object: RESULT, list: list(RESULT) }, "a result, or a list of results");
const NAMED_RESULTS = names<EvalResult | EvalResult[]>(ONE_OR_SEVERAL, "result", isResult);

/** Every result with the name under which it is shown. */
export function namedResults(results: NamedResults): { name: string; result: EvalResult }[] {
  checkArgument("Cannot show results", "results", results, NAMED_RESULTS);
  return Object.entries(results).flatMap(([name, given]) => [given].flat().map((result) => ({ name, result })));
}

/** Task, shots where there are any, and metric: "mmlu 5-shot acc". */
export function metricName({ task, shots }: EvalResult, metric: string): string {
  const { name } = metricLabel(metric);
  if (task === metric) return name;
  return `${task}${shots ? ` ${shots}-shot` : ""} ${name}`;
}

/**
 * A row for every model, task and metric: the score with its interval and lm-eval's standard error, what guessing, one
 * place and the longest answer would score on the same items, and how many items failed or lie on the edge.
 *
 * @param results Of `evaluateTask`, by model.
 */
export function evalTable(results: NamedResults): View {
  noOptions("evalTable", arguments, 1);
  const all = namedResults(results);
  return tableView({
    caption: "Scores",
    columns: [
      { title: "model" },
      { title: "task, metric", align: "left", nowrap: true },
      { title: "n" },
      { title: "score", detail: "95 % CI", nowrap: true },
      { title: "std err" },
      { title: "chance" },
      { title: "one place", detail: "the best" },
      { title: "longest answer" },
      { title: "near a flip", detail: "items" },
      { title: "failed", detail: "rows" },
    ],
    rows: all.flatMap(({ name, result }) =>
      Object.entries(result.metrics).map(([metric, estimate]): Cell[] => {
        const { scale, unit } = metricLabel(metric), shown = unit === "bits/byte" ? "" : unit && ` ${unit}`;
        const { point, interval } = estimateParts(usableScore(metric, estimate), {
          scale,
          unit: shown,
          units: "items",
        });
        const percent = (share: number | undefined) => share === undefined ? "—" : (100 * share).toFixed(1);
        const rules = metric in result.chance ? result.sanity?.baselines : undefined;
        return [
          name,
          metricName(result, metric),
          result.n.toLocaleString("en"),
          { main: point, details: interval ? [interval] : [] },
          estimate.stderr === undefined ? "—" : formatNumber(scale * estimate.stderr),
          percent(result.chance[metric]),
          percent(rules?.majority),
          percent(rules?.longest),
          result.nearFlips.metrics[metric]?.near.toLocaleString("en") ?? "—",
          result.failed.length.toLocaleString("en"),
        ];
      })
    ),
    notes: evalNotes(all),
  });
}

function evalNotes(all: { name: string; result: EvalResult }[]): string[] {
  return [
    `Rows: ${[...new Set(all.map(({ result }) => result.data))].join("; ")}.`,
    ...all.flatMap(({ name, result: { task, notes } }) => notes.map((note) => `${name}, ${task}: ${note}.`)),
    ...all.flatMap(({ name, result: { task, failed } }) =>
      failed.length ? [`${name}, ${task}: ${failed.length} rows failed, the first: ${failed[0].reason}.`] : []
    ),
  ];
}
