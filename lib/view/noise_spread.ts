/** How the samples of rounds are spread: raw points with their outliers, and counts of what disturbed them. */
import { checkArgument, noOptions } from "../check/options.ts";
import {
  pairedSpeeds,
  primarySpeed,
  ROUNDS_RESULT,
  type RoundSample,
  type RoundsResult,
} from "../measure/rounds_result.ts";
import { isRequest } from "../measure/setting.ts";
import { byteFactor, inBytes } from "../measure/text_speed.ts";
import { exactFactor } from "../stats/log_factor.ts";
import { type OutlierClass, outlierClasses } from "../stats/outliers.ts";
import { percentileInterval } from "../stats/percentile.ts";
import { autocorrelation } from "../stats/series.ts";
import { median } from "../stats/summary.ts";
import { type Figure, figureView, type View } from "./display.ts";
import { escapePlot } from "./escape.ts";
import { formatEstimate } from "./format.ts";
import { configLabel } from "./labels.ts";
import { baseLayout, errorBars, stackedPanels } from "./layout.ts";
import { panelAxes, roundsNames } from "./noise_layout.ts";
import { modelStyles } from "./palette.ts";
import { labelRows } from "./speed_plot.ts";
import { tableView } from "./table.ts";

type Spread = { name: string; speeds: number[]; samples: RoundSample[]; classes: OutlierClass[] };

/**
 * The samples of each model in one setting, twin included, in the order of the rounds; speeds in bytes of the same text
 * where tokenizers differ or the setting is in bytes, without models that have no tokenizer.
 */
function spreads(result: RoundsResult, index: number): Spread[] {
  const { config, setting } = result.settings[index], metric = primarySpeed(setting);
  return roundsNames(result).flatMap((name) => {
    const samples = result.rounds.flatMap((r) => r.config === config && r.samples[name] ? [r.samples[name]] : []);
    const factor = inBytes(result, config) ? byteFactor(result, { config, metric }, name) : exactFactor(1);
    const speeds = factor ? samples.map((s) => s[metric]! * Math.exp(factor.log)) : [];
    return speeds.length ? [{ name, speeds, samples, classes: outlierClasses(speeds) }] : [];
  });
}

const SYMBOL = { normal: "circle", mild: "diamond-open", severe: "x" };
const tukey = (c: OutlierClass) => c === "normal" ? "normal" : c.endsWith("mild") ? "mild" : "severe";

const unitOf = (result: RoundsResult, config: string) => inBytes(result, config) ? "bytes/s" : "tok/s";

/** A dot a round, its symbol Tukey's class, a dark rim where the machine was disturbed; a line: median with 95 % CI. */
export function spreadFigure(result: RoundsResult): Figure {
  const names = roundsNames(result), styles = modelStyles(names);
  const data: Record<string, unknown>[] = [];
  result.settings.forEach(({ config }, panel) => {
    const axes = panelAxes(panel), unit = unitOf(result, config);
    for (const { name, speeds, samples, classes } of spreads(result, panel)) {
      const row = names.indexOf(name), label = escapePlot(name), { colour } = styles[name];
      const middle = percentileInterval(speeds, 0.5);
      data.push({
        type: "scatter",
        mode: "markers",
        name: label,
        x: speeds,
        y: speeds.map((_, i) => row + 0.05 + 0.24 * Math.sin(i * 2.4)), // spread, the same at every drawing
        text: classes.map((c, i) => `${c}${samples[i].noise.disturbed ? ", disturbed" : ""}`),
        marker: {
          color: colour,
          symbol: classes.map((c) => SYMBOL[tukey(c)]),
          size: 7,
          opacity: 0.6,
          line: { color: samples.map((s) => s.noise.disturbed ? "#222" : colour), width: 1.5 },
        },
        hovertemplate: `${label}: %{x:.4g} ${unit}, %{text}<extra></extra>`,
        showlegend: false,
        ...axes,
      }, {
        type: "scatter",
        mode: "markers",
        name: `${label}, median`,
        x: [middle.point],
        y: [row - 0.36],
        marker: { color: colour, symbol: "line-ns-open", size: 10, line: { width: 2.5, color: colour } },
        error_x: { ...errorBars([middle]), color: colour },
        hovertemplate: `${label}, median: ${formatEstimate(middle)} ${unit}<extra></extra>`,
        showlegend: false,
        ...axes,
      });
    }
  });
  const titles = result.settings.map(({ config, setting }) =>
    `${isRequest(setting) ? "decode" : "throughput"} (${unitOf(result, config)}), not from 0<br>${
      escapePlot(configLabel(config))
    }`
  );
  const layout = baseLayout(
    "Spread over rounds",
    "◇ mild, ✕ severe outlier; dark rim: disturbed<br>bar above the dots: median, 95 % CI if n allows",
    stackedPanels(titles, names.length, {}),
  );
  labelRows(layout, result.settings.length, names);
  return { data, layout };
}

/** `spreadFigure` as a view; its text has the medians. */
export function spreadPlot(result: RoundsResult): View {
  noOptions("spreadPlot", arguments, 1);
  checkArgument("Cannot draw the spread", "result", result, ROUNDS_RESULT);
  const lines = result.settings.flatMap(({ config }, i) =>
    spreads(result, i).map(({ name, speeds }) =>
      `${configLabel(config)}, ${name}: median ${formatEstimate(percentileInterval(speeds, 0.5))} ${
        unitOf(result, config)
      }`
    )
  );
  return figureView(spreadFigure(result), ["Spread over rounds", ...lines].join("\n"));
}

/** Outliers, disturbed samples and autocorrelation of every model and setting, and of the pairs with the baseline. */
export function noiseTable(result: RoundsResult): View {
  noOptions("noiseTable", arguments, 1);
  checkArgument("Cannot show the noise", "result", result, ROUNDS_RESULT);
  const { baseline, environment } = result;
  const rows = result.settings.flatMap(({ config, setting }, i) =>
    spreads(result, i).map(({ name, speeds, samples, classes }) => {
      const pairs = name === baseline ? [] : pairedSpeeds(result.rounds, config, primarySpeed(setting), name, baseline);
      return [
        configLabel(config),
        name,
        String(speeds.length),
        String(classes.filter((c) => c.endsWith("mild")).length),
        String(classes.filter((c) => c.endsWith("severe")).length),
        `${samples.filter((s) => s.noise.disturbed).length} of ${samples.length}`,
        switchesCell(samples),
        lag1(speeds.map(Math.log)),
        pairs.length ? lag1(pairs.map((p) => Math.log(p.candidate / p.baseline))) : "—",
      ];
    })
  );
  const missing = environment.missing.length
    ? `This system does not show: ${environment.missing.join(", ")}.`
    : "CPU time of other processes and steal were read for every sample.";
  return tableView({
    columns: [
      { title: "setting" },
      { title: "architecture", align: "left" },
      { title: "rounds" },
      { title: "mild", detail: "outliers" },
      { title: "severe", detail: "outliers" },
      { title: "disturbed", detail: "samples" },
      { title: "CPU lost", detail: "times, median" },
      { title: "lag 1", detail: "of the speed" },
      { title: "lag 1", detail: "of the ratio" },
    ],
    rows,
    notes: [`Outliers (Tukey) and disturbed samples are labelled and counted, never dropped. ${missing}`],
  });
}

/** Involuntary context switches of a sample, the median one. */
function switchesCell(samples: RoundSample[]): string {
  const known = samples.flatMap((s) => s.involuntarySwitches ?? []);
  return known.length ? String(Math.round(median(known))) : "—";
}

function lag1(values: number[]): string {
  return values.length < 3 ? "—" : autocorrelation(values).toFixed(2).replace("-", "−");
}
