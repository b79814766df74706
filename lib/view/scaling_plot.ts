/** Time over length: what was measured, the fit with its band, and the stretch in which two models cross. */
import { checkArgument, noOptions } from "../check/options.ts";
import type { ModelScaling, Scaling } from "../measure/scaling.ts";
import { fittedAt } from "../stats/scaling_fit.ts";
import { SCALING } from "./arguments.ts";
import { busySentence } from "./busy_sentence.ts";
import { crossoverSentence } from "./crossover_sentence.ts";
import { type Figure, figureView, type View } from "./display.ts";
import { escapePlot } from "./escape.ts";
import { formatNumber } from "./format.ts";
import { axis, baseLayout, panelAxes, tallPanels } from "./noise_layout.ts";
import { modelStyles, withOpacity } from "./palette.ts";

const PANELS = {
  tokens: [
    { time: "ttftMs", x: "prompt (tokens)", y: "TTFT (ms)" },
    { time: "tpotMs", x: "context (tokens)", y: "TPOT (ms)" },
  ],
  bytes: [
    { time: "ttftMs", x: "prompt (bytes of the same text)", y: "TTFT (ms)" },
    { time: "tpotMs", x: "context (bytes)", y: "time a byte (ms)" },
  ],
} as const;
/** Points of a drawn curve. */
const STEPS = 60;

/** Two panels, TTFT and TPOT; the baseline's twin is left out, since it lies on the baseline. */
export function scalingFigure({ models, twin, crossovers, unit = "tokens" }: Scaling): Figure {
  const names = Object.keys(models).filter((name) => name !== twin), styles = modelStyles(names);
  const data: Record<string, unknown>[] = [], shapes: Record<string, unknown>[] = [];
  PANELS[unit].forEach(({ time }, panel) => {
    const end = Math.max(...names.flatMap((name) => models[name][time].points.map((p) => p.length)));
    for (const name of names) {
      const { colour, marker } = styles[name], label = escapePlot(name), axes = panelAxes(panel);
      const shared = { name: label, legendgroup: label, ...axes };
      data.push(band(models[name], time, end, { ...shared, fillcolor: withOpacity(colour, 0.18) }));
      data.push(curve(models[name], time, end, { ...shared, line: { color: colour, width: 2 } }));
      const { points } = models[name][time];
      data.push({
        ...shared,
        type: "scatter",
        mode: "markers",
        x: points.map((p) => p.length),
        y: points.map((p) => p.value),
        marker: { color: colour, symbol: marker, size: 7 },
        hovertemplate: `${label}, %{x} ${unit}: %{y:.4g} ms<extra></extra>`,
        showlegend: panel === 0,
      });
    }
    for (const { time: of, second, crossover } of crossovers) {
      if (of !== time || second === twin || crossover.kind !== "crossing" || !crossover.crossings.length) continue;
      const [{ low, high }] = crossover.unclear;
      if (low >= end) continue; // extrapolated: said in words only
      shapes.push(stretch(panel, low, Math.min(high, end), styles[second].colour));
    }
  });
  const panels = PANELS[unit].map(({ x, y }) => ({
    x: axis(x, { rangemode: "tozero" }),
    y: axis(y, { rangemode: "tozero" }),
  }));
  return {
    data,
    layout: baseLayout(
      "Time over length, batch 1",
      "points: means over blocks; lines: least squares with a 95 % band<br>grey: where a model crosses the baseline, 95 % interval",
      { ...tallPanels(panels, Math.ceil(names.length / 3)), shapes },
    ),
  };
}

/** `scalingFigure` as a view; its text has the crossovers in words. */
export function scalingPlot(scaling: Scaling): View {
  noOptions("scalingPlot", arguments, 1);
  checkArgument("Cannot draw the scaling", "scaling", scaling, SCALING);
  const { unit = "tokens" } = scaling, perOne = unit === "bytes" ? "time a byte" : "TPOT";
  const lines = Object.entries(scaling.models).map(([name, { ttftMs, tpotMs }]) =>
    `${name}: TTFT ${times(ttftMs, unit)}, ${perOne} ${times(tpotMs, unit)}`
  );
  return figureView(
    scalingFigure(scaling),
    [
      "Time over length, batch 1",
      ...lines,
      ...scaling.crossovers.map(crossoverSentence),
      ...busySentence(scaling.rounds),
    ]
      .join("\n"),
  );
}

/** The first and the last measured time. */
function times({ points }: ModelScaling["ttftMs"], unit: string): string {
  const of = ({ length, value }: typeof points[number]) => `${formatNumber(value)} ms at ${Math.round(length)}`;
  return `${of(points[0])} to ${of(points.at(-1)!)} ${unit}`;
}

function curveOf(model: ModelScaling, time: "ttftMs" | "tpotMs", end: number) {
  return Array.from({ length: STEPS + 1 }, (_, i) => {
    const length = end * i / STEPS, { point, low, high } = fittedAt(model[time], length);
    return { length, point, low: Math.max(0, low!), high: high! };
  });
}

function curve(model: ModelScaling, time: "ttftMs" | "tpotMs", end: number, rest: Record<string, unknown>) {
  const points = curveOf(model, time, end);
  return {
    ...rest,
    type: "scatter",
    mode: "lines",
    x: points.map((p) => p.length),
    y: points.map((p) => p.point),
    hoverinfo: "skip",
    showlegend: false,
  };
}

/** There along the upper bound, back along the lower one. */
function band(model: ModelScaling, time: "ttftMs" | "tpotMs", end: number, rest: Record<string, unknown>) {
  const points = curveOf(model, time, end), back = [...points].reverse();
  return {
    ...rest,
    type: "scatter",
    mode: "lines",
    fill: "toself",
    line: { width: 0 },
    x: [...points, ...back].map((p) => p.length),
    y: [...points.map((p) => p.high), ...back.map((p) => p.low)],
    hoverinfo: "skip",
    showlegend: false,
  };
}

function stretch(panel: number, x0: number, x1: number, colour: string): Record<string, unknown> {
  const { xaxis, yaxis } = panelAxes(panel);
  return {
    type: "rect",
    xref: xaxis,
    yref: `${yaxis} domain`,
    x0,
    x1,
    y0: 0,
    y1: 1,
    fillcolor: "rgba(0, 0, 0, 0.07)",
    line: { width: 1, dash: "dot", color: colour },
    layer: "below",
  };
}
