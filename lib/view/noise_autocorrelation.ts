/** How much a run tells about the ones after it: the correlogram, with lag 1 in words. */
import { noOptions } from "../check/options.ts";
import { autocorrelation } from "../stats/series.ts";
import { mean } from "../stats/summary.ts";
import { escapePlot } from "./escape.ts";
import { type Figure, figureView, type View } from "./display.ts";
import { bandShape } from "./layout.ts";
import { axis, baseLayout } from "./noise_layout.ts";

/** r at lags 1 to `lags` (Box and Jenkins: each sum over the variance of the whole series). */
export function correlogram(values: readonly number[], lags: number): number[] {
  const centre = mean(values), below = values.reduce((sum, x) => sum + (x - centre) ** 2, 0);
  return Array.from({ length: lags }, (_, k) => {
    const above = values.slice(k + 1).reduce((sum, x, i) => sum + (x - centre) * (values[i] - centre), 0);
    return below > 0 ? above / below : 0;
  });
}

/**
 * Independent runs that would tell as much about the mean, n (1 - r) / (1 + r): exact for AR(1) and many runs;
 * at most n and at least 1.
 */
export function effectiveRuns(values: readonly number[]): number {
  const r = autocorrelation(values), n = values.length;
  return Math.max(1, Math.min(n, n * (1 - r) / (1 + r)));
}

/** Bars at lags 1 to 20; inside the grey band lie 95 % of what independent runs give (+-1.96 / sqrt(n)). */
export function autocorrelationFigure(values: readonly number[], title: string): Figure {
  const n = values.length, lags = Math.max(1, Math.min(20, n - 2)), band = 1.96 / Math.sqrt(n);
  const r = correlogram(values, lags);
  return {
    data: [{
      type: "bar",
      x: r.map((_, k) => k + 1),
      y: r,
      width: 0.5,
      marker: { color: "#0072B2" },
      hovertemplate: "lag %{x}: r = %{y:.2f}<extra></extra>",
      showlegend: false,
    }],
    layout: baseLayout(
      escapePlot(title),
      `lag 1: ${signed(r[0])}; n = ${n} runs<br>grey: 95 % of what independent runs give`,
      {
        height: 340,
        xaxis: axis("lag (runs apart)", { range: [0.4, lags + 0.6], zeroline: false }),
        yaxis: axis("autocorrelation", { range: [-1.05, 1.05] }),
        shapes: [bandShape(band, { xref: "paper" })],
      },
    ),
  };
}

/** `autocorrelationFigure` as a view; its text has lag 1 and how many independent runs the series is worth. */
export function autocorrelationPlot(values: readonly number[], title = "Autocorrelation of the runs"): View {
  noOptions("autocorrelationPlot", arguments, 2);
  const worth = Math.round(effectiveRuns(values));
  const text = `${title}\nlag 1: ${
    signed(autocorrelation(values))
  }; ${values.length} runs are worth about ${worth} independent ones`;
  return figureView(autocorrelationFigure(values, title), text);
}

function signed(r: number): string {
  return r.toFixed(2).replace("-", "−");
}
