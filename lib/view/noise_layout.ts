/** What the figures of noise share: a legend under the plot, tall panels one above the other, and the models' order. */
import type { RoundsResult } from "../measure/rounds_result.ts";
import { axis, baseLayout } from "./layout.ts";

export { axis, baseLayout };

/** A legend below the x axis, where it takes no width; room for `rows` lines of it. */
export function bottomLegend(rows = 1): Record<string, unknown> {
  return {
    margin: { l: 64, r: 16, t: 92, b: 78 + 20 * rows },
    legend: { orientation: "h", x: 0, xanchor: "left", yref: "container", y: 0.01, yanchor: "bottom" },
  };
}

const PANEL_PX = 190, GAP_PX = 76, TOP_PX = 92;

/** Panels with axes of their own, each `PANEL_PX` high: axes `xaxis`, `yaxis`, `xaxis2`, ... and the figure's height. */
export function tallPanels(
  panels: { x: Record<string, unknown>; y: Record<string, unknown> }[],
  legendRows = 1,
): Record<string, unknown> {
  const plot = panels.length * PANEL_PX + (panels.length - 1) * GAP_PX, bottom = 78 + 20 * legendRows;
  const layout: Record<string, unknown> = {
    ...bottomLegend(legendRows),
    height: plot + TOP_PX + bottom,
  };
  panels.forEach(({ x, y }, i) => {
    const suffix = i === 0 ? "" : String(i + 1), top = 1 - i * (PANEL_PX + GAP_PX) / plot;
    layout[`xaxis${suffix}`] = { ...x, anchor: `y${suffix}` };
    layout[`yaxis${suffix}`] = { ...y, anchor: `x${suffix}`, domain: [Math.max(0, top - PANEL_PX / plot), top] };
  });
  return layout;
}

/** The names of panel `i`'s axes, for a trace. */
export function panelAxes(i: number): { xaxis: string; yaxis: string } {
  return i === 0 ? { xaxis: "x", yaxis: "y" } : { xaxis: `x${i + 1}`, yaxis: `y${i + 1}` };
}

/** Models of rounds as they are shown: the baseline first, its twin last. */
export function roundsNames({ models, baseline, twin }: RoundsResult): string[] {
  const others = Object.keys(models).filter((name) => name !== baseline && name !== twin);
  return [baseline, ...others, twin].filter((name) => name in models);
}
