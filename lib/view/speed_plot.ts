/** Speed of every model in every setting, with intervals and the raw rounds. */
import { checkComparison } from "./arguments.ts";
import { noOptions } from "../check/options.ts";
import { type ComparisonData, modelNames, speedEstimate, speedMetric, speedSamples } from "./comparison_data.ts";
import { type Figure, figureView, type View } from "./display.ts";
import { escapePlot } from "./escape.ts";
import { formatEstimate, formatNumber } from "./format.ts";
import { configLabel } from "./labels.ts";
import { baseLayout, brokenLabel, errorBars, rightEnd, stackedPanels } from "./layout.ts";
import { modelStyles, withOpacity } from "./palette.ts";
import { speedUnit, unitSentence } from "./speed_units.ts";

/** More raw points than this a model and setting are not drawn: they would hide the interval. */
const MAX_POINTS = 200;

/** Bars from zero with a 95 % interval, one panel a setting, a dot a round. */
export function speedFigure(comparison: ComparisonData): Figure {
  const names = modelNames(comparison);
  const styles = modelStyles(names);
  const settings = comparison.raw.settings;
  const titles = settings.map(({ config, kind }) =>
    `${kind === "generation" ? "decode" : "throughput"} (${speedUnit(comparison, config)})<br>${
      escapePlot(configLabel(config))
    }`
  );
  const data: Record<string, unknown>[] = [];
  const ends: number[] = [];
  settings.forEach(({ config, kind }, panel) => {
    const seen = names.flatMap((name) => speedSamples(comparison, config, speedMetric(kind), name).map((s) => s.value));
    ends.push(
      rightEnd(seen, names.map((name) => speedEstimate(comparison, config, speedMetric(kind), name)?.high ?? null)),
    );
    const axes = panel === 0 ? { xaxis: "x", yaxis: "y" } : { xaxis: `x${panel + 1}`, yaxis: `y${panel + 1}` };
    names.forEach((name, row) => {
      const metric = speedMetric(kind), unit = speedUnit(comparison, config);
      const samples = speedSamples(comparison, config, metric, name).map((s) => s.value);
      const estimate = speedEstimate(comparison, config, metric, name);
      const point = estimate ??
        (samples.length ? { point: samples.reduce((a, b) => a + b) / samples.length, low: null, high: null } : null);
      if (!point) return;
      const label = escapePlot(name);
      data.push({
        type: "bar",
        orientation: "h",
        name: label,
        x: [point.point],
        y: [row],
        width: [0.62],
        marker: { color: withOpacity(styles[name].colour, 0.35), line: { color: styles[name].colour, width: 1 } },
        error_x: { ...errorBars([point]), color: styles[name].colour },
        hovertemplate: `${label}: ${
          estimate ? formatEstimate(estimate) : formatNumber(point.point)
        } ${unit}<extra></extra>`,
        showlegend: false,
        ...axes,
      });
      if (samples.length <= MAX_POINTS) {
        data.push({
          type: "scatter",
          mode: "markers",
          name: `${label}, rounds`,
          x: samples,
          y: samples.map((_, i) => row + 0.22 * Math.sin(i * 2.4)), // spread, the same at every drawing
          marker: { color: styles[name].colour, size: 4, opacity: 0.45 },
          hovertemplate: `${label}: %{x:.4g} ${unit} in one round<extra></extra>`,
          showlegend: false,
          ...axes,
        });
      }
    });
  });
  const layout = baseLayout(
    "Speed of each model",
    `bar: mean, 95 % CI over blocks<br>dots: single rounds; axes start at 0${
      comparison.raw.text ? "<br>bytes of the same text: tokenizers differ" : ""
    }`,
    {
      ...stackedPanels(titles, names.length, {}),
      barmode: "overlay",
    },
  );
  ends.forEach((end, i) => Object.assign(layout[`xaxis${i === 0 ? "" : i + 1}`] as object, { range: [0, end] }));
  labelRows(layout, settings.length, names);
  return { data, layout };
}

/** Writes the models' names at the rows of each panel. */
export function labelRows(layout: Record<string, unknown>, panels: number, names: string[]): void {
  for (let panel = 0; panel < panels; panel++) {
    Object.assign(layout[`yaxis${panel === 0 ? "" : panel + 1}`] as object, {
      tickmode: "array",
      tickvals: names.map((_, i) => i),
      ticktext: names.map((name) => brokenLabel(name, escapePlot)),
      ticks: "",
    });
  }
}

/** `speedFigure` as a view; its text lists the numbers. */
export function speedPlot(comparison: ComparisonData): View {
  noOptions("speedPlot", arguments, 1);
  checkComparison("Cannot draw speeds", comparison);
  const lines = comparison.raw.settings.flatMap(({ config, kind }) =>
    modelNames(comparison).map((name) => {
      const estimate = speedEstimate(comparison, config, speedMetric(kind), name);
      const none = comparison.raw.text?.models[name] === null
        ? "no tokenizer, so no bytes of text"
        : "too few blocks for an interval";
      return `${configLabel(config)}, ${name}: ${
        estimate ? `${formatEstimate(estimate)} ${speedUnit(comparison, config)}` : none
      }`;
    })
  );
  return figureView(
    speedFigure(comparison),
    ["Speed of each model, 95 % CI", ...lines, ...unitSentence(comparison)].join("\n"),
  );
}
