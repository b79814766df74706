/** The decision chart: quality against decode speed, memory as size, and what stated limits allow. */
import type { Estimate } from "../stats/estimate.ts";
import { isBounded } from "../stats/usable.ts";
import { checkChoice } from "./choice_fields.ts";
import { type ComparisonData, primaryMetric, qualityDifference, speedRatio } from "./comparison_data.ts";
import {
  type Candidate,
  candidates,
  type Criteria,
  decide,
  defaultCriteria,
  type Limits,
  limitsText,
} from "./decision.ts";
import { type Figure, figureView, View } from "./display.ts";
import { escapeHtml, escapePlot } from "./escape.ts";
import { formatEstimate, formatNumber } from "./format.ts";
import { configLabel, metricLabel } from "./labels.ts";
import { axis, baseLayout, errorBars, rightEnd } from "./layout.ts";
import { modelStyles, withOpacity } from "./palette.ts";
import { speedUnit } from "./speed_units.ts";

/** A joint 95 % region of two independent normal estimates is this much wider than each 95 % interval: sqrt(chi2(2)) / z. */
const JOINT = Math.sqrt(5.991) / 1.96;
const LARGEST_MARKER_PX = 44;

/**
 * Bits per byte (or the first task's metric) against decode speed. A cross is the model's own 95 % interval; an
 * ellipse is the joint 95 % region of its difference to the baseline, paired on the same items and rounds.
 */
export function decisionFigure(
  comparison: ComparisonData,
  limits: Limits = {},
  criteria: Criteria = defaultCriteria(comparison),
): Figure {
  checkChoice(comparison, limits, criteria);
  const all = candidates(comparison, criteria).filter((c) => c.speed && c.quality);
  const styles = modelStyles(Object.keys(comparison.raw.models));
  const { metric, higherIsBetter, chance } =
    (criteria.task === null ? null : primaryMetric(comparison, criteria.task)) ??
      { metric: "quality", higherIsBetter: true, chance: null };
  const label = metricLabel(metric);
  const largest = Math.max(...all.map((c) => c.memoryGb ?? 0), 0);
  const base = all.find((c) => c.name === comparison.raw.baseline);
  const decision = decide(comparison, limits, criteria);
  const unit = criteria.config === null ? "tok/s" : speedUnit(comparison, criteria.config);
  // A limit in the other unit lies elsewhere on this axis for each model: those outside it are hollow.
  const least = unit === "bytes/s" ? limits.decodeBytesPerS : limits.decodeTokensPerS;

  const data: Record<string, unknown>[] = [];
  for (const c of all) {
    const colour = styles[c.name].colour;
    const ellipse = base && c !== base ? jointRegion(comparison, criteria, c, base) : null;
    if (ellipse) {
      data.push({
        type: "scatter",
        mode: "lines",
        x: ellipse.map((p) => p[0]),
        y: ellipse.map((p) => p[1] * label.scale),
        fill: "toself",
        fillcolor: withOpacity(colour, 0.2),
        line: { color: colour, width: 1 },
        hoverinfo: "skip",
        showlegend: false,
        legendgroup: c.name,
      });
    }
    const outside = decision.outside.some((o) => o.name === c.name);
    const memory = c.memoryGb === null ? "memory unknown" : `${formatNumber(c.memoryGb)} GB`;
    data.push({
      type: "scatter",
      mode: "markers",
      name: `${escapePlot(c.name)}, ${memory}${outside ? ", outside the limits" : ""}`,
      legendgroup: c.name,
      x: [c.speed!.point],
      y: [c.quality!.point * label.scale],
      error_x: { ...errorBars([c.speed!]), color: colour },
      error_y: { ...errorBars([c.quality!], label.scale), color: colour },
      marker: {
        symbol: "circle",
        size: [markerSize(c.memoryGb, largest)],
        color: withOpacity(colour, outside ? 0 : 0.55),
        line: { color: colour, width: 2 },
      },
      hovertemplate: `${escapePlot(c.name)}<br>${formatEstimate(c.speed!)} ${unit}<br>${
        formatEstimate(c.quality!, { scale: label.scale })
      } ${label.unit}<br>${memory}<extra></extra>`,
    });
  }

  const speeds = all.map((c) => c.speed!);
  const right = rightEnd([...speeds.map((s) => s.point), least ?? 0], speeds.map((s) => s.high));
  const rule = limitsText(limits), drawn = least !== undefined || limits.memoryGb !== undefined;
  const title = escapePlot(label.unit === "%" ? `${label.name}, %` : label.name);
  const setting = criteria.config ? escapePlot(configLabel(criteria.config)) : "";
  const layout = baseLayout(
    "Quality against speed",
    `size: peak memory; cross: 95 % CI of one model<br>ellipse: joint 95 % region against the baseline${
      chance === null ? "" : "; dotted line: chance"
    }${rule ? `<br>${drawn ? "shaded" : "filled"}: ${rule}` : ""}`,
    {
      height: 540,
      margin: { l: 64, r: 16, t: rule ? 112 : 96, b: 60 },
      xaxis: axis(
        `${criteria.metric === "decodeTokensPerS" ? "decode" : "throughput"} (${
          unit === "bytes/s" ? "bytes of the same text/s" : unit
        })<br>${setting}`,
        {
          range: [0, right],
        },
      ),
      yaxis: axis(`${title} (${higherIsBetter ? "up is better" : "axis reversed: up is better"})`, {
        ...(higherIsBetter ? {} : { autorange: "reversed" }),
        zeroline: false,
      }),
      legend: { orientation: "h", x: 0, y: -0.2, yanchor: "top", itemsizing: "constant", font: { size: 12 } },
      shapes: [
        ...(drawn
          ? [{
            type: "rect",
            layer: "below",
            xref: "x",
            yref: "paper",
            x0: least ?? 0,
            x1: right,
            y0: 0,
            y1: 1,
            fillcolor: "rgba(0, 120, 60, 0.08)",
            line: { width: 0 },
          }]
          : []),
        ...(chance === null ? [] : [{
          type: "line",
          xref: "x",
          yref: "y",
          x0: 0,
          x1: right,
          y0: chance * label.scale,
          y1: chance * label.scale,
          line: { color: "#555", width: 1.5, dash: "dot" },
        }]),
      ],
    },
  );
  return { data, layout };
}

/** Diameter in px; the area grows with memory, and a small model stays visible. */
function markerSize(memoryGb: number | null, largest: number): number {
  return memoryGb === null || !(largest > 0) ? 12 : Math.max(10, LARGEST_MARKER_PX * Math.sqrt(memoryGb / largest));
}

/** Outline of the joint region, [points][x, y]; null where a paired interval is missing. */
function jointRegion(
  comparison: ComparisonData,
  criteria: Criteria,
  c: Candidate,
  base: Candidate,
): [number, number][] | null {
  if (criteria.config === null || criteria.task === null) return null;
  const ratio = speedRatio(comparison, { config: criteria.config, metric: criteria.metric }, c.name, base.name);
  const difference = qualityDifference(comparison, criteria.task, c.name, base.name);
  if (!ratio || !isBounded(difference)) return null;
  const side = (e: Estimate, up: boolean) =>
    JOINT * (up ? (e.high ?? e.point) - e.point : e.point - (e.low ?? e.point));
  return Array.from({ length: 65 }, (_, i) => {
    const angle = 2 * Math.PI * i / 64;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    return [
      c.speed!.point + cos * side(ratio, cos > 0) * base.speed!.point,
      c.quality!.point + sin * side(difference, sin > 0),
    ];
  });
}

/** `decisionFigure` as a view; its text is the decision's sentence. */
export function decisionPlot(
  comparison: ComparisonData,
  limits: Limits = {},
  criteria: Criteria = defaultCriteria(comparison),
): View {
  return figureView(decisionFigure(comparison, limits, criteria), decide(comparison, limits, criteria).sentence);
}

/** The decision's sentence alone, to be shown under the chart. */
export function decisionSentence(
  comparison: ComparisonData,
  limits: Limits = {},
  criteria: Criteria = defaultCriteria(comparison),
): View {
  const { sentence } = decide(comparison, limits, criteria);
  return new View({ "text/plain": sentence, "text/html": `<p><strong>${escapeHtml(sentence)}</strong></p>` });
}
