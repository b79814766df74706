/** What each model loses or wins in quality against the baseline, paired on the same items. */
import { checkComparison } from "./arguments.ts";
import { noOptions } from "../check/options.ts";
import { type ComparisonData, modelNames, primaryMetric, type SummaryRow, summaryRows } from "./comparison_data.ts";
import { type Figure, figureView, type View } from "./display.ts";
import { escapePlot } from "./escape.ts";
import { formatEstimate } from "./format.ts";
import { metricLabel, rowVerdict } from "./labels.ts";
import { baseLayout, errorBars, stackedPanels } from "./layout.ts";
import { modelStyles } from "./palette.ts";
import { labelRows } from "./speed_plot.ts";

function taskRows(comparison: ComparisonData, task: string): SummaryRow[] {
  const metric = primaryMetric(comparison, task)?.metric;
  return summaryRows(comparison).filter((r) => r.config === task && r.metric === metric && r.difference !== null);
}

/** One panel a task: difference to the baseline with its interval, zero marked. */
export function qualityFigure(comparison: ComparisonData): Figure {
  const { baseline, tasks } = comparison.raw;
  const all = modelNames(comparison);
  const names = all.filter((name) => name !== baseline);
  const styles = modelStyles(all);
  const titles: string[] = [];
  const data: Record<string, unknown>[] = [];
  Object.keys(tasks).filter((task) => primaryMetric(comparison, task)).forEach((task, panel) => {
    const { metric, higherIsBetter } = primaryMetric(comparison, task)!;
    const { name: metricName, scale, differenceUnit } = metricLabel(metric);
    const rows = taskRows(comparison, task);
    const n = rows.length ? `, n = ${Math.min(...rows.map((r) => r.n))}` : "";
    const title = metricName === task.replaceAll("_", " ")
      ? `Δ ${metricName}`
      : `Δ ${metricName} of ${task} (${differenceUnit})`;
    titles.push(`${escapePlot(title)}${n}<br>${higherIsBetter ? "right is better" : "left is better"}`);
    const suffix = panel === 0 ? "" : String(panel + 1);
    for (const row of rows) {
      const estimate = { point: row.difference!, low: row.low, high: row.high, level: 0.95, n: row.n };
      const style = styles[row.architecture];
      data.push({
        type: "scatter",
        mode: "markers",
        name: escapePlot(row.architecture),
        x: [row.difference! * scale],
        y: [names.indexOf(row.architecture)],
        marker: { color: style?.colour, symbol: style?.marker, size: 11 },
        error_x: { ...errorBars([estimate], scale), color: style?.colour },
        hovertemplate: `${escapePlot(row.architecture)}: ${
          formatEstimate(estimate, { scale, sign: true, units: "" })
        } ${differenceUnit}, ${escapePlot(rowVerdict(row).words)}<extra></extra>`,
        showlegend: false,
        xaxis: `x${suffix}`,
        yaxis: `y${suffix}`,
      });
    }
  });
  const layout = baseLayout(
    "Quality against the baseline",
    `paired on the same items, 95 % CI<br>baseline: ${escapePlot(baseline)} (the line at 0)`,
    stackedPanels(titles, names.length, { zeroline: true, zerolinewidth: 2, zerolinecolor: "#444" }),
  );
  labelRows(layout, titles.length, names);
  return { data, layout };
}

/** `qualityFigure` as a view; its text lists the differences. */
export function qualityPlot(comparison: ComparisonData): View {
  noOptions("qualityPlot", arguments, 1);
  checkComparison("Cannot draw quality", comparison);
  const lines = Object.keys(comparison.raw.tasks).flatMap((task) =>
    taskRows(comparison, task).map((row) => {
      const { scale, differenceUnit } = metricLabel(row.metric);
      const shown = formatEstimate({ point: row.difference!, low: row.low, high: row.high, level: 0.95, n: row.n }, {
        scale,
        sign: true,
        units: "",
      });
      return `${task}, ${row.architecture}: ${shown} ${differenceUnit}, ${rowVerdict(row).words}`;
    })
  );
  const title = `Quality against ${comparison.raw.baseline}, paired on the same items, 95 % CI`;
  return figureView(qualityFigure(comparison), [title, ...lines].join("\n"));
}
