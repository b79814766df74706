/** Scores of models with intervals, against the levels that need no model. */
import { noOptions } from "../check/options.ts";
import type { EvalResult } from "../eval/types.ts";
import { type Figure, figureView, type View } from "./display.ts";
import { escapePlot } from "./escape.ts";
import { metricName, type NamedResults, namedResults } from "./eval_table.ts";
import { formatEstimate } from "./format.ts";
import { metricLabel, usableScore } from "./labels.ts";
import { baseLayout, errorBars, stackedPanels } from "./layout.ts";
import { modelStyles } from "./palette.ts";
import { labelRows } from "./speed_plot.ts";

interface Panel {
  metric: string;
  title: string;
  /** A result for each row, null where the model did not do the task. */
  results: (EvalResult | null)[];
}

/** Levels that are drawn as lines, with their names. */
function levels(result: EvalResult, metric: string): { name: string; value: number; dash: string }[] {
  if (!(metric in result.chance)) return [];
  const { majority, longest } = result.sanity?.baselines ?? {};
  return [
    { name: "chance", value: result.chance[metric], dash: "solid" },
    ...(majority === undefined ? [] : [{ name: "always the best place", value: majority, dash: "dot" }]),
    ...(longest === undefined ? [] : [{ name: "always the longest answer", value: longest, dash: "dash" }]),
  ];
}

/** A panel for each task's first metric, a row for each model; lines at chance and at what simple rules score. */
export function evalFigure(results: NamedResults): Figure {
  const names = Object.keys(results), all = namedResults(results), styles = modelStyles(names);
  const keyOf = (r: EvalResult) => `${r.task} ${r.shots}`;
  const panels = [...new Set(all.map(({ result }) => keyOf(result)))].map((key): Panel => {
    const of = (name: string) => all.find((a) => a.name === name && keyOf(a.result) === key)?.result ?? null;
    const first = all.find(({ result }) => keyOf(result) === key)!.result, metric = Object.keys(first.metrics)[0];
    const { unit } = metricLabel(metric);
    const better = first.higherIsBetter[metric] ? "right" : "left";
    const title = `${metricName(first, metric)}${unit ? ` (${unit})` : ""}, n = ${first.n.toLocaleString("en")}`;
    return { metric, title: `${escapePlot(title)}<br>${better} is better`, results: names.map(of) };
  });
  const data: Figure["data"] = [], shapes: Record<string, unknown>[] = [], ranges: [number, number][] = [];
  panels.forEach(({ metric, results }, i) => {
    const suffix = i === 0 ? "" : String(i + 1), axes = { xaxis: `x${suffix}`, yaxis: `y${suffix}` };
    const { scale, unit } = metricLabel(metric);
    results.forEach((result, row) => {
      const score = result?.metrics[metric];
      if (!score) return;
      const estimate = usableScore(metric, score);
      const style = styles[names[row]], label = escapePlot(names[row]);
      data.push({
        type: "scatter",
        mode: "markers",
        name: label,
        x: [estimate.point * scale],
        y: [row],
        marker: { color: style.colour, symbol: style.marker, size: 11 },
        error_x: { ...errorBars([estimate], scale), color: style.colour },
        hovertemplate: `${label}: ${formatEstimate(estimate, { scale, units: "items" })} ${unit}<extra></extra>`,
        showlegend: false,
        ...axes,
      });
    });
    const lines = levels(results.find((r) => r !== null)!, metric);
    const estimates = results.flatMap((r) => r?.metrics[metric] ? [usableScore(metric, r.metrics[metric])] : []);
    ranges.push(padded([
      ...lines.map((l) => l.value * scale),
      ...estimates.flatMap((e) => [e.low ?? e.point, e.high ?? e.point].map((x) => x * scale)),
    ]));
    for (const { name, value, dash } of lines) {
      shapes.push({
        type: "line",
        xref: axes.xaxis,
        yref: axes.yaxis,
        x0: value * scale,
        x1: value * scale,
        y0: -0.5,
        y1: names.length - 0.5,
        line: { color: "#555", width: 1.5, dash },
        name,
      });
    }
  });
  const layout = baseLayout(
    "Scores",
    "point and 95 % CI<br>lines: chance (solid), always the best place (dots), always the longest answer (dashes)",
    { ...stackedPanels(panels.map((p) => p.title), names.length, {}), shapes },
  );
  ranges.forEach((range, i) => Object.assign(layout[`xaxis${i === 0 ? "" : i + 1}`] as object, { range }));
  labelRows(layout, panels.length, names);
  return { data, layout };
}

/** The ends of an axis on which all of these are seen, none at its edge. */
function padded(values: number[]): [number, number] {
  const low = Math.min(...values), high = Math.max(...values), room = 0.04 * (high - low || 1);
  return [low - room, high + room];
}

/** `evalFigure` as a view; its text lists the numbers and the levels. */
export function evalPlot(results: NamedResults): View {
  noOptions("evalPlot", arguments, 1);
  const lines = namedResults(results).map(({ name, result }) => {
    const metric = Object.keys(result.metrics)[0], { scale, unit } = metricLabel(metric);
    const rules = levels(result, metric).map((l) => `${l.name} ${(scale * l.value).toFixed(1)}`);
    const score = `${formatEstimate(usableScore(metric, result.metrics[metric]), { scale, units: "items" })} ${unit}`
      .trim();
    return `${metricName(result, metric)}, ${name}: ${score}${rules.length ? ` (${rules.join(", ")})` : ""}`;
  });
  return figureView(evalFigure(results), ["Scores, 95 % CI", ...lines].join("\n"));
}
