/** The roofline: what a machine can do at an intensity, and what models do there. */
import { checkArgument, noOptions } from "../check/options.ts";
import { arithmetic, MACHINE, type Machine, weightRate } from "../cost/hardware.ts";
import type { RooflineResidual } from "../cost/roofline.ts";
import type { Precision } from "../arch/model_ref.ts";
import { RESIDUALS } from "./arguments.ts";
import { type Figure, figureView, type View } from "./display.ts";
import { escapePlot } from "./escape.ts";
import { formatNumber } from "./format.ts";
import { axis, baseLayout, bottomLegend } from "./noise_layout.ts";
import { modelStyles } from "./palette.ts";

const MARKERS = { prefill: "circle", decode: "diamond" };
const DASHES = ["solid", "dash", "dot", "dashdot"];

/** Both axes logarithmic; a roof a precision, a point a model and phase at its measured speed. */
export function rooflineFigure(machine: Machine, residuals: readonly RooflineResidual[]): Figure {
  const styles = modelStyles([...new Set(residuals.map((r) => r.name))]);
  const intensities = residuals.map((r) => r.roof[r.phase].intensity);
  const precisions = [...new Set(residuals.map((r) => r.precision))];
  const ridges = residuals.flatMap((r) => r.roof.ridge === null ? [] : [r.roof.ridge]);
  const from = Math.min(...intensities, ...ridges) / 3, to = Math.max(...intensities, ...ridges) * 3;
  const data: Record<string, unknown>[] = precisions.map((precision, i) =>
    roof(machine, precision, from, to, DASHES[i % 4])
  );
  for (const { name, phase, roof, measuredMs } of residuals) {
    const { flops, intensity, bound } = roof[phase], label = escapePlot(`${name}, ${phase}`);
    data.push({
      type: "scatter",
      mode: "markers",
      name: label,
      x: [intensity],
      y: [flops / measuredMs / 1e6],
      marker: { color: styles[name].colour, symbol: MARKERS[phase], size: 11 },
      hovertemplate: `${label}: %{y:.3g} GFLOP/s at %{x:.3g} FLOPs/byte, bound by ${
        bound === "compute" ? "arithmetic" : "memory"
      }<extra></extra>`,
    });
  }
  return {
    data,
    layout: baseLayout(
      `Roofline of ${escapePlot(machine.name)}`,
      "lines: what the machine can do; points: what was measured<br>both axes logarithmic",
      {
        ...bottomLegend(Math.ceil(data.length / 2)),
        height: 460 + 20 * Math.ceil(data.length / 2),
        xaxis: axis("arithmetic intensity (FLOPs/byte)", { type: "log" }),
        yaxis: axis("GFLOP/s", { type: "log" }),
      },
    ),
  };
}

/** `rooflineFigure` as a view; its text lists the points. */
export function rooflinePlot(machine: Machine, residuals: readonly RooflineResidual[]): View {
  noOptions("rooflinePlot", arguments, 2);
  checkArgument("Cannot draw the roofline", "machine", machine, MACHINE);
  checkArgument("Cannot draw the roofline", "residuals", residuals, RESIDUALS);
  const lines = residuals.map(({ name, phase, roof, measuredMs, ratio }) =>
    `${name}, ${phase}: ${formatNumber(roof[phase].flops / measuredMs / 1e6)} GFLOP/s at ${
      formatNumber(roof[phase].intensity)
    } FLOPs/byte, ${formatNumber(ratio)} times the predicted time`
  );
  return figureView(rooflineFigure(machine, residuals), [`Roofline of ${machine.name}`, ...lines].join("\n"));
}

function roof(machine: Machine, precision: Precision, from: number, to: number, dash: string) {
  const bytesPerS = weightRate(machine, precision), rate = arithmetic(machine, precision);
  const peak = rate?.flopsPerS ?? Infinity, ridge = peak / bytesPerS;
  const x = [from, ...(ridge > from && ridge < to ? [ridge] : []), to];
  return {
    type: "scatter",
    mode: "lines",
    name: `${precision}: ${rate ? `${formatNumber(peak / 1e9)} GFLOP/s, ` : ""}${formatNumber(bytesPerS / 1e9)} GB/s`,
    x,
    y: x.map((intensity) => Math.min(peak, intensity * bytesPerS) / 1e9),
    line: { color: "#555", width: 1.5, dash },
    hoverinfo: "skip",
  };
}
