/** A comparison at a glance: one row an architecture, for each setting and task the change and its verdict. */
import { checkComparison } from "./arguments.ts";
import { noOptions } from "../check/options.ts";
import {
  type ComparisonData,
  memoryEstimate,
  modelNames,
  primaryMetric,
  speedEstimate,
  type SpeedMetric,
  speedMetric,
  type SummaryRow,
  summaryRows,
} from "./comparison_data.ts";
import { isUnjudged } from "../compare/rows.ts";
import type { Estimate } from "../stats/estimate.ts";
import { isBounded, usablePositive } from "../stats/usable.ts";
import { busySentence } from "./busy_sentence.ts";
import { identicalSentence } from "./identical_sentence.ts";
import { interruptedSentence } from "./interrupted_sentence.ts";
import { decide } from "./decision.ts";
import type { View } from "./display.ts";
import { estimateParts, formatNumber } from "./format.ts";
import { configLabel, metricLabel, rowVerdict } from "./labels.ts";
import { type Cell, type TableSpec, tableView } from "./table.ts";
import { decidingColumn, decidingRow, unitSentence } from "./speed_units.ts";
import { verdictSentences } from "./verdict_sentences.ts";
import { waySentence } from "./way_sentence.ts";

/** One column: a setting with its speed, or a task with its first metric. */
interface Topic {
  config: string;
  metric: string;
  speed?: SpeedMetric;
}

function topics(comparison: ComparisonData): Topic[] {
  const { settings, tasks } = comparison.raw;
  return [
    ...settings.map(({ config, kind }) => ({
      config,
      metric: decidingColumn(comparison, config, speedMetric(kind)),
      speed: speedMetric(kind),
    })),
    ...Object.keys(tasks).flatMap((task) => {
      const primary = primaryMetric(comparison, task);
      return primary ? [{ config: task, metric: primary.metric }] : [];
    }),
  ];
}

/** The row's change with its interval and verdict: `3.15×`, `[3.09, 3.21]`, "faster"; the header has the unit. */
function changeCell(row: SummaryRow | undefined, topic: Topic): Cell {
  if (!row) return "—";
  const estimate = { point: row.speedup ?? row.difference!, low: row.low, high: row.high, level: 0.95, n: row.n };
  const options = row.speedup !== null ? { unit: "×" } : { scale: metricLabel(row.metric).scale, sign: true };
  const { words, tone } = rowVerdict(row);
  if (isUnjudged(row.verdict)) return { main: "—", details: [words] };
  const { point, interval } = estimateParts(estimate, { ...options, units: "" });
  const other = row.metric === topic.metric ? "" : "in its tokens"; // a model without a tokenizer among others
  return { main: point, details: [interval, words, other].filter(Boolean), tone };
}

function rowOf(comparison: ComparisonData, name: string, { config, metric, speed }: Topic): SummaryRow | undefined {
  if (speed) return decidingRow(comparison, name, config, speed);
  return summaryRows(comparison).find((r) => r.architecture === name && r.config === config && r.metric === metric);
}

/** As the summary has it, or, where no other model was compared with it, as it was measured. */
function baselineCell(comparison: ComparisonData, { config, metric, speed }: Topic): Cell {
  const { baseline, tasks } = comparison.raw;
  const value = summaryRows(comparison).find((r) => r.config === config && r.metric === metric)?.baseline_value ??
    (speed ? speedEstimate(comparison, config, speed, baseline) : tasks[config]?.[baseline]?.metrics[metric])?.point;
  if (value === undefined) return "—";
  const { scale, unit } = metricLabel(metric);
  return `${formatNumber(value * scale)} ${unit}`.trim();
}

/** One fresh process gives a peak without an interval. */
export function memoryCell(given: Estimate | null): Cell {
  if (!given) return "—";
  if (!isBounded(given)) return formatNumber(given.point);
  const { point, interval } = estimateParts(usablePositive(given), { maxDecimals: 3, units: "processes" }); // to the MB
  return { main: point, details: [interval] };
}

/** The table's content, before it is drawn. */
export function comparisonTable(comparison: ComparisonData): TableSpec {
  const { baseline } = comparison.raw;
  const columns = topics(comparison);
  const names = modelNames(comparison);
  const config = columns.find((c) => !(c.config in comparison.raw.tasks))?.config;
  return {
    caption: `Against ${baseline}`,
    columns: [
      { title: "architecture" },
      ...columns.map(({ config, metric }) => {
        const { name, differenceUnit } = metricLabel(metric);
        const isTask = config in comparison.raw.tasks;
        const title = isTask
          ? (name === config.replaceAll("_", " ") ? name : `${config} ${name}`)
          : `${name}, ${configLabel(config)}`;
        return { title, detail: isTask ? `difference (${differenceUnit || "as measured"})` : "speed-up (×)" };
      }),
      { title: "peak memory", detail: config === undefined ? "GB" : `GB, ${configLabel(config)}` },
    ],
    rows: names.map((name) => [
      name === baseline ? { main: name, details: ["baseline"] } : name,
      ...columns.map((topic): Cell =>
        name === baseline ? baselineCell(comparison, topic) : changeCell(rowOf(comparison, name, topic), topic)
      ),
      memoryCell(config === undefined ? null : memoryEstimate(comparison, config, name)),
    ]),
    notes: [
      'In brackets: 95 % interval, simultaneous over the primary metrics. "No difference found" means that this run cannot tell them apart, not that they are equal.',
      ...unitSentence(comparison),
      ...comparison.raw.failures.map((f) => `${f.model} failed in ${f.config}: ${f.reason}`),
      ...waySentence(comparison),
      ...identicalSentence(comparison),
      ...busySentence(comparison.raw),
      ...interruptedSentence(comparison.raw),
      decide(comparison).sentence,
    ],
  };
}

/**
 * Draws a comparison: one row an architecture, and one sentence of advice.
 *
 * @param comparison What `compareArchitectures` gives.
 */
export function showComparison(comparison: ComparisonData): View {
  noOptions("showComparison", arguments, 1);
  checkComparison("Cannot show the comparison", comparison);
  return tableView(comparisonTable(comparison));
}

/**
 * Every row of `comparison.summary`, with value, baseline and interval in columns of their own. A speed that is there in
 * bytes of text, too, is one row: what it is in the model's own tokens stands under each value.
 */
export function summaryTable(comparison: ComparisonData): View {
  noOptions("summaryTable", arguments, 1);
  checkComparison("Cannot show the summary", comparison);
  const rows = summaryRows(comparison);
  return tableView({
    caption: `Summary against ${comparison.raw.baseline}`,
    columns: [
      { title: "architecture" },
      { title: "setting or task", align: "left" },
      { title: "metric (unit)", align: "left" },
      { title: "value" },
      { title: "baseline" },
      { title: "change", detail: "× or difference" },
      { title: "95 % CI", nowrap: true },
      { title: "n" },
      { title: "verdict", align: "left" },
    ],
    rows: rows.filter((row) => !rowIn(rows, row, "bytes_s")).map((row) => {
      const { name, unit, scale, differenceUnit } = metricLabel(row.metric);
      const tokens = rowIn(rows, row, "tok_s");
      const value = (of: "value" | "baseline_value"): Cell => ({
        main: formatNumber(row[of] * scale),
        details: tokens ? [`${formatNumber(tokens[of])} tok/s`] : [],
      });
      const estimate = { point: row.speedup ?? row.difference!, low: row.low, high: row.high, level: 0.95, n: row.n };
      const options = row.speedup !== null
        ? { unit: "×" }
        : { scale, sign: true, unit: differenceUnit === "pp" ? " pp" : "" };
      const { point, interval } = estimateParts(estimate, { ...options, units: "" });
      const { words, tone } = rowVerdict(row), compares = !isUnjudged(row.verdict);
      const short = unit === "bytes/s" ? name.replace(" of the same text", "") : name; // its unit says so
      return [
        row.architecture,
        configLabel(row.config),
        unit && unit !== "bits/byte" ? `${short} (${unit})` : name,
        value("value"),
        value("baseline_value"),
        compares ? point : "—",
        compares && interval || "—",
        String(row.n),
        { main: words, tone, details: row.note ? [row.note] : [] },
      ];
    }),
    notes: verdictSentences(comparison),
  });
}

/** The row that tells the same speed in the other unit, if there is one. */
function rowIn(rows: SummaryRow[], row: SummaryRow, unit: "bytes_s" | "tok_s"): SummaryRow | undefined {
  const metric = row.metric.replace(/(bytes|tok)_s$/, unit);
  if (metric === row.metric) return undefined;
  return rows.find((r) => r.architecture === row.architecture && r.config === row.config && r.metric === metric);
}
