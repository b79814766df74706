/** Verdicts said in words, one sentence for each model and primary metric. */
import { checkComparison } from "./arguments.ts";
import { noOptions } from "../check/options.ts";
import { isUnjudged } from "../compare/rows.ts";
import { type ComparisonData, primaryMetric, speedMetric, type SummaryRow, summaryRows } from "./comparison_data.ts";
import { busySentence } from "./busy_sentence.ts";
import { identicalSentence } from "./identical_sentence.ts";
import { interruptedSentence } from "./interrupted_sentence.ts";
import { formatEstimate } from "./format.ts";
import { configLabel, metricLabel, rowUnits } from "./labels.ts";
import { decidingRow, unitSentence } from "./speed_units.ts";
import { waySentence } from "./way_sentence.ts";

/**
 * What the comparison found, e.g. "int4: decodes 2.41× [2.32, 2.50] as fast, faster (prompt 5 + 64 new tokens, n = 24
 * rounds)", "gemma3: decodes 0.61× [0.60, 0.62] as fast in bytes of the same text, slower (...)", "window 128: no difference found in hellaswag acc_norm, -1.0 pp [-4.1, 2.1] (n = 100 items)"; one that
 * says so where tokenizers differ, and one more where the machine was busy meanwhile.
 */
export function verdictSentences(comparison: ComparisonData): string[] {
  noOptions("verdictSentences", arguments, 1);
  checkComparison("Cannot tell verdicts", comparison);
  const { settings, tasks } = comparison.raw;
  const ofTasks = new Set(Object.keys(tasks).map((task) => `${task} ${primaryMetric(comparison, task)?.metric}`));
  const kinds = new Map(settings.map(({ config, kind }) => [config, speedMetric(kind)]));
  const rows = summaryRows(comparison).filter((r) => {
    const speed = kinds.get(r.config);
    if (!speed) return ofTasks.has(`${r.config} ${r.metric}`);
    return r.metric === decidingRow(comparison, r.architecture, r.config, speed)?.metric;
  });
  return [
    ...rows.map(sentence),
    ...unitSentence(comparison),
    ...waySentence(comparison),
    ...identicalSentence(comparison),
    ...busySentence(comparison.raw),
    ...interruptedSentence(comparison.raw),
  ];
}

function sentence(row: SummaryRow): string {
  const { architecture, config, metric, speedup, difference, low, high, n, verdict } = row;
  const estimate = { point: speedup ?? difference!, low, high, level: 0.95, n };
  const units = rowUnits(row),
    few = low === null && high === null ? `${architecture}: too few ${units} to compare` : "";
  if (speedup !== null) {
    const found = formatEstimate(estimate, { unit: "×", units: "" });
    const verb = metric.startsWith("decode") ? "decodes" : "runs";
    const unit = metric.endsWith("_bytes_s") ? " in bytes of the same text" : "";
    const setting = `(${configLabel(config)}, n = ${n} rounds${row.note ? `; ${row.note}` : ""})`;
    if (isUnjudged(verdict)) return `${architecture}: no verdict in ${metricLabel(metric).name} ${setting}`;
    if (few) return `${few} ${metricLabel(metric).name}, ${found} ${setting}`;
    return verdict === "unclear"
      ? `${architecture}: no difference found in ${metricLabel(metric).name}, ${found} ${setting}`
      : `${architecture}: ${verb} ${found} as fast${unit}, ${verdict} ${setting}`;
  }
  const { name, scale, differenceUnit } = metricLabel(metric);
  const unit = differenceUnit === "pp" ? " pp" : ` ${differenceUnit}`;
  const found = formatEstimate(estimate, { scale, sign: true, unit, units: "" });
  const what = config === metric ? name : `${config} ${name}`;
  if (few) return `${few} ${what}, ${found} (n = ${n} items)`;
  return verdict === "unclear"
    ? `${architecture}: no difference found in ${what}, ${found} (n = ${n} items)`
    : `${architecture}: ${verdict} in ${what}, ${found} (n = ${n} items)`;
}
