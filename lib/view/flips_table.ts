/** The items on which two models decide differently, one row each. */
import { ROWS } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { FLIP_OPTIONS, type FlipOptions, flips } from "../compare/flips.ts";
import { ITEMS, SCORED } from "../eval/result_field.ts";
import type { EvalResult } from "../eval/types.ts";
import type { View } from "./display.ts";
import { formatNumber } from "./format.ts";
import { tableView } from "./table.ts";

export interface FlipsTableOptions extends FlipOptions {
  /** Rows of the table at most. Default 20. */
  limit?: number;
}

export const FLIPS_TABLE_OPTIONS = object<FlipsTableOptions>({ ...FLIP_OPTIONS.fields, limit: optional(ROWS) });

const KIND = {
  gained: { main: "won", tone: "good" },
  lost: { main: "lost", tone: "bad" },
  other: { main: "both wrong" },
} as const;

/**
 * What changed between two models, largest change of the margin first: the right choice, both choices (counted from 0)
 * and margins, and the start of the question where `rows` are given.
 *
 * @param candidate A result of `evaluateTask`, or one that was read.
 * @param baseline The same items by another model.
 */
export function flipsTable(
  candidate: Pick<EvalResult, "task" | "items" | "metrics">,
  baseline: Pick<EvalResult, "items">,
  options: FlipsTableOptions = {},
): View {
  checkArgument("Cannot draw flips", "candidate", candidate, SCORED);
  checkArgument("Cannot draw flips", "baseline", baseline, ITEMS);
  checkOptions("Cannot draw flips", options, FLIPS_TABLE_OPTIONS);
  const { limit = 20, metric = Object.keys(candidate.metrics)[0], rows } = options;
  const all = flips(candidate, baseline, { metric, rows });
  const count = (kind: keyof typeof KIND) => all.filter((f) => f.kind === kind).length;
  const hasSubject = all.some((f) => f.subject !== undefined), hasText = all.some((f) => f.text !== undefined);
  const number = (choice: number | null) => choice === null ? "—" : String(choice);
  return tableView({
    caption: `Items decided differently, ${candidate.task} ${metric}`,
    columns: [
      { title: "row", align: "right" },
      ...(hasSubject ? [{ title: "subject", align: "left" as const }] : []),
      { title: "", align: "left" },
      { title: "right choice" },
      { title: "choice" },
      { title: "baseline's choice" },
      { title: "margin", detail: "right choice against best other" },
      { title: "baseline's margin" },
      ...(hasText ? [{ title: "question", align: "left" as const }] : []),
    ],
    rows: all.slice(0, limit).map((f) => [
      String(f.row),
      ...(hasSubject ? [f.subject ?? ""] : []),
      KIND[f.kind],
      number(f.gold),
      number(f.choice),
      number(f.baselineChoice),
      formatNumber(f.margin, { sign: true }),
      formatNumber(f.baselineMargin, { sign: true }),
      ...(hasText ? [f.text ?? ""] : []),
    ]),
    notes: [
      `${all.length} ${all.length === 1 ? "item" : "items"}: ${count("gained")} won, ${count("lost")} lost, ${
        count("other")
      } wrong in another way.` +
      (all.length > limit ? ` The ${limit} with the largest change are shown.` : ""),
    ],
  });
}
