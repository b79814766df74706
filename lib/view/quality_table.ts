/** Models against a baseline on the same items, as a table and in sentences. */
import { checkArgument, noOptions } from "../check/options.ts";
import type { QualityComparison, QualityFinding } from "../compare/paired_quality.ts";
import type { Estimate } from "../stats/estimate.ts";
import { isBounded } from "../stats/usable.ts";
import { QUALITY_COMPARISON } from "./arguments.ts";
import type { View } from "./display.ts";
import { estimateParts, formatEstimate, type FormatOptions } from "./format.ts";
import { metricLabel, verdictLabel } from "./labels.ts";
import { type Cell, tableView } from "./table.ts";

/**
 * Every finding with its interval, test and verdict.
 *
 * @param comparison What `compareQuality` or `comparePaired` gives.
 */
export function qualityTable(comparison: QualityComparison): View {
  noOptions("qualityTable", arguments, 1);
  checkArgument("Cannot show the comparison", "comparison", comparison, QUALITY_COMPARISON);
  const level = `${Math.round(100 * comparison.level)} % CI`;
  return tableView({
    caption: `Quality against ${comparison.baseline}, paired on the same items`,
    columns: [
      { title: "model" },
      { title: "task, metric", align: "left" },
      { title: "n", detail: "shared items" },
      { title: "difference", detail: `${level}, simultaneous`, nowrap: true },
      { title: "won / lost", detail: "items", nowrap: true },
      { title: "p", detail: "Holm over all rows" },
      { title: "verdict", align: "left" },
      { title: "Δ bits/byte", detail: "right choice or text, 95 % CI", nowrap: true },
      { title: "Δ ln p", detail: "right choice, 95 % CI", nowrap: true },
      { title: "items for 1 pp", detail: "80 % power at 5 %" },
    ],
    rows: comparison.findings.map((f) => {
      const { words, tone } = isBounded(f.difference) ? verdictLabel(f.verdict) : { words: "too few items" };
      return [
        f.model,
        f.task === f.metric ? metricLabel(f.metric).name : `${f.task} ${metricLabel(f.metric).name}`,
        f.items.toLocaleString("en"),
        estimateCell(f.difference, differenceOptions(f)),
        f.gained === null ? "—" : `${f.gained} / ${f.lost}`,
        f.test ? { main: formatP(f.test.holm), details: [f.test.name] } : "—",
        { main: words, tone },
        f.bitsDifference ? estimateCell(f.bitsDifference, { sign: true, units: "items" }) : "—",
        f.goldDifference ? estimateCell(f.goldDifference, { sign: true, units: "items" }) : "—",
        f.itemsForOnePoint?.toLocaleString("en") ?? "—",
      ];
    }),
    notes: [
      ...qualitySentences(comparison),
      ...comparison.notes,
      ...new Set(
        comparison.findings.flatMap((f) =>
          f.mcNemar.p === null ? [`${f.task}: no McNemar test, since ${f.mcNemar.why}.`] : []
        ),
      ),
    ],
  });
}

/**
 * Each finding in words, e.g. "int4, hellaswag acc_norm: no difference found, -1.0 pp [-4.1, 2.1] (200 items; a
 * difference of 1 pp would need 6,279)".
 */
export function qualitySentences(comparison: QualityComparison): string[] {
  noOptions("qualitySentences", arguments, 1);
  checkArgument("Cannot tell the comparison", "comparison", comparison, QUALITY_COMPARISON);
  const { baseline, findings } = comparison;
  return findings.map((f) => {
    const name = metricLabel(f.metric).name, what = f.task === f.metric ? name : `${f.task} ${name}`;
    const found = formatEstimate(f.difference, { ...differenceOptions(f), units: "" });
    const needed = f.itemsForOnePoint === null
      ? ""
      : `; a difference of 1 pp would need ${f.itemsForOnePoint.toLocaleString("en")}`;
    const items = `(${f.items.toLocaleString("en")} items${needed})`;
    if (!isBounded(f.difference)) {
      return `${f.model}, ${what}: too few items to tell it from ${baseline}, ${found} ${items}.`;
    }
    return f.verdict === "unclear"
      ? `${f.model}, ${what}: no difference found to ${baseline}, ${found} ${items}.`
      : `${f.model}, ${what}: ${f.verdict} ${f.verdict === "same" ? "as" : "than"} ${baseline}, ${found} ${items}.`;
  });
}

function differenceOptions({ metric }: QualityFinding): FormatOptions {
  const { scale, differenceUnit } = metricLabel(metric);
  return { scale, sign: true, unit: differenceUnit ? ` ${differenceUnit}` : "", units: "items" };
}

function estimateCell(estimate: Estimate, options: FormatOptions): Cell {
  const { point, interval } = estimateParts(estimate, options);
  return { main: point, details: interval ? [interval] : [] };
}

/** A p value with two significant digits, and no more zeros than anyone reads. */
export function formatP(p: number): string {
  return p < 0.001 ? "< 0.001" : p.toPrecision(2);
}
