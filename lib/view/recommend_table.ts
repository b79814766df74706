/** What `recommend` found: models and precisions, with the machines that they run on, and why the others fail. */
import type { Recommendation, Recommendations } from "../cost/recommend.ts";
import { object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { integer } from "../check/rules.ts";
import { RECOMMENDATIONS } from "./arguments.ts";
import type { View } from "./display.ts";
import { formatNumber } from "./format.ts";
import { OWN_TOKENS } from "./labels.ts";
import { type Cell, tableView } from "./table.ts";

const SHOWN = integer({ min: 0, max: 1e6 });
export const RECOMMEND_TABLE_OPTIONS = object<{ top?: number; topFailed?: number }>({
  top: optional(SHOWN),
  topFailed: optional(SHOWN),
});

/**
 * A row a model and precision, machines together.
 *
 * @param options.top Rows at most of those that meet the limits, and of the others. Default 15 and 10.
 */
export function recommendTable(
  recommendations: Recommendations,
  options: { top?: number; topFailed?: number } = {},
): View {
  checkArgument("Cannot draw recommendations", "recommendations", recommendations, RECOMMENDATIONS);
  const { limits, found, failed, order } = recommendations;
  checkOptions("Cannot draw recommendations", options, RECOMMEND_TABLE_OPTIONS);
  const { top = 15, topFailed = 10 } = options;
  const met = grouped(found), open = new Set(found.map(keyOf));
  const others = grouped(failed).filter((group) => !open.has(keyOf(group[0])));
  const asked = [
    ...(limits.memoryGb === undefined ? [] : [`at most ${formatNumber(limits.memoryGb)} GB`]),
    ...(limits.tokensPerS === undefined ? [] : [`at least ${formatNumber(limits.tokensPerS)} tok/s`]),
    `${limits.contextLength} tokens of context`,
  ];
  const left = (all: number, shown: number, what: string) =>
    all > shown ? [`${all - shown} more ${what} are not shown.`] : [];
  return tableView({
    caption: `Models for ${asked.join(", ")}`,
    columns: [
      { title: "model", detail: "precision" },
      { title: "parameters", detail: "billions" },
      { title: "verdict", align: "left" },
      { title: "machines", align: "left" },
      { title: "why", detail: "on the first of them", align: "left" },
    ],
    rows: [...met.slice(0, top), ...others.slice(0, topFailed)].map(row),
    notes: [
      order,
      ...(new Set([...found, ...failed].map((r) => r.model)).size > 1 ? [OWN_TOKENS] : []),
      "May meet: only at the high end of the expected speed.",
      ...left(met.length, top, "that meet or may meet the limits"),
      ...left(others.length, topFailed, "that fail everywhere"),
    ],
  });
}

function row(group: Recommendation[]): Cell[] {
  const [{ model, precision, parameters, verdict, reason, machine }] = group;
  const rest = group.length - 1;
  const tone = verdict === "meets" ? "good" as const : verdict === "fails" ? "bad" as const : undefined;
  return [
    { main: model, details: [precision] },
    formatNumber(parameters / 1e9),
    { main: verdict, ...(tone ? { tone } : {}) },
    { main: machine, details: rest ? [`and ${rest} more`] : [] },
    reason,
  ];
}

/** By model and precision, in order of appearance; within one the machines of its best verdict. */
function grouped(rows: Recommendation[]): Recommendation[][] {
  const groups = new Map<string, Recommendation[]>();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return [...groups.values()].map((group) => group.filter((r) => r.verdict === group[0].verdict));
}

function keyOf({ model, precision }: Recommendation): string {
  return JSON.stringify([model, precision]);
}
