/** Bits per byte over the place in the context: each model with its band, and the differences from the baseline. */
import { checkArgument, noOptions } from "../check/options.ts";
import type { PositionCurve } from "../compare/position/curve.ts";
import type { Estimate } from "../stats/estimate.ts";
import { isBounded } from "../stats/usable.ts";
import { POSITION_CURVE } from "./arguments.ts";
import { type Figure, figureView, type View } from "./display.ts";
import { escapePlot } from "./escape.ts";
import { formatEstimate } from "./format.ts";
import { bandShape } from "./layout.ts";
import { axis, baseLayout, panelAxes, tallPanels } from "./noise_layout.ts";
import { type ModelStyle, modelStyles, withOpacity } from "./palette.ts";
import { count, positionSentences } from "./position_sentence.ts";
import { textsOf } from "./position_table.ts";

/** A model's values in one panel. */
interface Line {
  label: string;
  style: ModelStyle;
  panel: number;
  bins: { from: number; to: number; value: Estimate; note: string }[];
}

/** A bin's middle on the logarithmic axis; the first one begins at 0, and stands where it would if it began at its half. */
function middle({ from, to }: { from: number; to: number }): number {
  return Math.sqrt((from || to / 2) * to);
}

/** Two panels on one scale of places, to base 2: bits per byte, and what models differ from the baseline by. */
export function positionFigure({ raw, curves, differences }: PositionCurve): Figure {
  const { unit, edges, baseline, level, band } = raw, styles = modelStyles(Object.keys(curves));
  const note = (from: number, to: number) => `${count(from)} to ${count(to)} ${unit}`;
  const lines = (panel: number, of: Record<string, { from: number; to: number; value: Estimate }[]>) =>
    Object.entries(of).map(([name, bins]): Line => ({
      label: escapePlot(name),
      style: styles[name],
      panel,
      bins: bins.map((bin) => ({ ...bin, note: note(bin.from, bin.to) })),
    }));
  const levels = lines(0, mapped(curves, ({ bitsPerByte, ...bin }) => ({ ...bin, value: bitsPerByte })));
  const against = lines(1, mapped(differences, ({ difference, ...bin }) => ({ ...bin, value: difference })));
  const ticks = edges.slice(1);
  const places = axis(`place in the context (${unit}, log scale)`, {
    type: "log",
    range: [Math.log10(edges[1] / 2), Math.log10(edges.at(-1)!)],
    tickvals: ticks,
    ticktext: ticks.map(shortCount),
  });
  const percent = Math.round(100 * level),
    unbounded = against.some(({ bins }) => bins.some((b) => !isBounded(b.value)));
  const panels = [
    { x: places, y: axis("bits per byte", { rangemode: "tozero" }) },
    ...(against.length ? [{ x: places, y: axis("difference (bits/byte)") }] : []),
  ];
  return {
    data: [...levels, ...against].flatMap((line) => [...bandOf(line), curveOf(line)]),
    layout: baseLayout(
      "Bits per byte by place in the context",
      [
        `${raw.texts.length} texts; bands: ${percent} %, of each bin alone (top)`,
        ...(against.length
          ? [
            `of all differences from ${escapePlot(baseline)} (bottom)`,
            `grey: within ±${band}${unbounded ? "; no band: too few texts" : ""}`,
          ]
          : []),
      ].join("<br>"),
      {
        ...tallPanels(panels, Math.ceil(levels.length / 2)),
        shapes: [...(against.length ? [sameness(band)] : []), ...trainedEnds(raw, styles)],
      },
    ),
  };
}

/** `positionFigure` as a view; its text has every value. */
export function positionPlot(curve: PositionCurve): View {
  noOptions("positionPlot", arguments, 1);
  checkArgument("Cannot draw the curve", "curve", curve, POSITION_CURVE);
  const { unit } = curve.raw;
  const lines = Object.entries(curve.curves).map(([name, bins]) =>
    `${name}: ${bins.map(({ to, bitsPerByte }) => `${formatEstimate(bitsPerByte)} to ${count(to)}`).join(", ")} ${unit}`
  );
  return figureView(
    positionFigure(curve),
    ["Bits per byte by place in the context", ...lines, ...positionSentences(curve), textsOf(curve)].join("\n"),
  );
}

function mapped<A, B>(lists: Record<string, A[]>, change: (one: A) => B): Record<string, B[]> {
  return Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, list.map(change)]));
}

/** 1,024 as 1k: such labels stand side by side on a narrow page. */
function shortCount(place: number): string {
  return place >= 1024 && place % 1024 === 0 ? `${place / 1024}k` : String(place);
}

function curveOf({ label, style: { colour, marker }, panel, bins }: Line): Record<string, unknown> {
  return {
    ...panelAxes(panel),
    name: label,
    legendgroup: label,
    showlegend: panel === 0,
    type: "scatter",
    mode: "lines+markers",
    x: bins.map(middle),
    y: bins.map(({ value }) => value.point),
    customdata: bins.map(({ note, value }) => [note, formatEstimate(value, { sign: panel === 1, units: "texts" })]),
    line: { color: colour, width: 2 },
    marker: { color: colour, symbol: marker, size: 7 },
    hovertemplate: `${label}, %{customdata[0]}: %{customdata[1]} bits/byte<extra></extra>`,
  };
}

/** Bands of stretches of bins that have one: there along the upper bounds, back along the lower ones. */
function bandOf({ label, style: { colour }, panel, bins }: Line): Record<string, unknown>[] {
  const stretches: Line["bins"][] = [[]];
  for (const bin of bins) {
    if (isBounded(bin.value)) stretches.at(-1)!.push(bin);
    else stretches.push([]);
  }
  return stretches.filter((stretch) => stretch.length).map((stretch) => {
    const back = [...stretch].reverse();
    return {
      ...panelAxes(panel),
      name: label,
      legendgroup: label,
      showlegend: false,
      type: "scatter",
      mode: "lines",
      fill: "toself",
      fillcolor: withOpacity(colour, 0.18),
      line: { width: stretch.length > 1 ? 0 : 6, color: withOpacity(colour, 0.18) }, // a lone bin's band is an upright line
      x: [...stretch, ...back].map(middle),
      y: [...stretch.map(({ value }) => value.high), ...back.map(({ value }) => value.low)],
      hoverinfo: "skip",
    };
  });
}

/** Differences that count as none. */
function sameness(band: number): Record<string, unknown> {
  const { xaxis, yaxis } = panelAxes(1);
  return bandShape(band, { xref: `${xaxis} domain`, yref: yaxis });
}

/** Where the tokens end that a model was made for, if places are tokens and go beyond. */
function trainedEnds({ unit, edges, models }: PositionCurve["raw"], styles: Record<string, ModelStyle>) {
  return Object.entries(models).flatMap(([name, { trainedTokens }]) => {
    if (unit !== "tokens" || trainedTokens >= edges.at(-1)!) return [];
    const line = { color: styles[name].colour, width: 1.5, dash: "dot" };
    return [{ type: "line", xref: "x", yref: "y domain", x0: trainedTokens, x1: trainedTokens, y0: 0, y1: 1, line }];
  });
}
