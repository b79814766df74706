/** Generated tasks: how programs ended, and where the uncertainty of pass@1 comes from. */
import { noOptions } from "../check/options.ts";
import type { VariancePart } from "../eval/generated/facts.ts";
import type { View } from "./display.ts";
import { type NamedResults, namedResults } from "./eval_table.ts";
import { formatNumber } from "./format.ts";
import { type Cell, tableView } from "./table.ts";

/**
 * A row for every result of a generated task: its programs, and the shares of pass@1's variance that come from the
 * problems, the seeds and the samples.
 *
 * @throws {RangeError} If no result is of a generated task.
 */
export function programsTable(results: NamedResults): View {
  noOptions("programsTable", arguments, 1);
  const all = namedResults(results).filter(({ result }) => result.generated);
  if (!all.length) throw new RangeError("Cannot draw programs: no result is of a generated task, e.g. humaneval");
  const share = (part: VariancePart | null | undefined) => part ? (100 * part.share).toFixed(0) : "—";
  const percent = (x: number) => (100 * x).toFixed(1);
  return tableView({
    caption: "Programs, and where the uncertainty of pass@1 comes from",
    columns: [
      { title: "model" },
      { title: "task", align: "left" },
      { title: "problems × seeds × samples", nowrap: true },
      { title: "temperature" },
      { title: "distinct", detail: "a problem" },
      { title: "cut by length", detail: "%" },
      { title: "timed out", detail: "%" },
      { title: "pass@1 of each seed", detail: "%" },
      { title: "std err", detail: "points" },
      { title: "problems / seeds / samples", detail: "% of its variance", nowrap: true },
    ],
    rows: all.map(({ name, result }): Cell[] => {
      const { settings, variance, completions } = result.generated!;
      return [
        name,
        result.task,
        `${result.n} × ${settings.seeds.length} × ${settings.samples}`,
        String(settings.temperature),
        completions.distinctPerProblem.toFixed(1),
        percent(completions.endedByLength),
        percent(completions.timedOut),
        variance?.runs.map((run) => percent(run.score)).join(", ") ?? "—",
        variance ? formatNumber(100 * variance.stderr) : "—",
        [variance?.parts.items, variance?.parts.seeds, variance?.parts.samples].map(share).join(" / "),
      ];
    }),
    notes: all.flatMap(({ name, result }) => result.generated!.variance?.notes.map((n) => `${name}: ${n}.`) ?? []),
  });
}
