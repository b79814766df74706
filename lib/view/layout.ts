/** What all figures share: fonts, margins, and room for a title and one line under it. */

/** Layout of a figure; `title` states the setting, `subtitle` what is drawn. Both are plotly text: escape names (`escapePlot`). */
export function baseLayout(
  title: string,
  subtitle: string,
  rest: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    title: {
      text: title,
      subtitle: { text: subtitle, font: { size: 12, color: "#555" } },
      font: { size: 16 },
      x: 0,
      xref: "container",
      xanchor: "left",
      yref: "container",
      y: 1,
      yanchor: "top",
      pad: { l: 4, t: 12 },
    },
    font: { family: "system-ui, sans-serif", size: 13, color: "#222" },
    paper_bgcolor: "#fff",
    plot_bgcolor: "#fff",
    margin: { l: 64, r: 16, t: 84, b: 60 },
    height: 420,
    hovermode: "closest",
    ...rest,
  };
}

/** A grey band over the whole width, from -`halfWidth` to `halfWidth`: what lies in it counts as nothing. */
export function bandShape(halfWidth: number, axes: { xref: string; yref?: string }): Record<string, unknown> {
  return {
    type: "rect",
    ...axes,
    x0: 0,
    x1: 1,
    y0: -halfWidth,
    y1: halfWidth,
    fillcolor: "rgba(0, 0, 0, 0.09)",
    line: { width: 0 },
    layer: "below",
  };
}

/** An axis with a light grid and a title that holds the unit. */
export function axis(title: string, rest: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    title: { text: title, font: { size: 12 }, standoff: 8 },
    gridcolor: "#e6e6e6",
    zerolinecolor: "#999",
    automargin: true,
    ...rest,
  };
}

/** plotly's error bars for intervals that may lie unevenly about their point. */
export function errorBars(
  estimates: { point: number; low: number | null; high: number | null }[],
  scale = 1,
): Record<string, unknown> {
  return {
    type: "data",
    symmetric: false,
    array: estimates.map((e) => ((e.high ?? e.point) - e.point) * scale),
    arrayminus: estimates.map((e) => (e.point - (e.low ?? e.point)) * scale),
    thickness: 1.5,
    width: 5,
  };
}

const PANEL_ROW_PX = 44;
const PANEL_GAP_PX = 78;
const TOP_PX = 92;
const BOTTOM_PX = 70;

/**
 * Panels one above the other, each with its own x axis: they read well on a narrow page.
 *
 * @param titles x-axis title of each panel, top to bottom.
 * @param rows Models in a panel.
 * @returns Axes `xaxis`, `yaxis`, `xaxis2`, ... and the figure's height.
 */
export function stackedPanels(titles: string[], rows: number, xaxis: Record<string, unknown>): Record<string, unknown> {
  const plot = titles.length * rows * PANEL_ROW_PX + (titles.length - 1) * PANEL_GAP_PX;
  const layout: Record<string, unknown> = {
    height: plot + TOP_PX + BOTTOM_PX,
    margin: { l: 16, r: 16, t: TOP_PX, b: BOTTOM_PX },
  };
  titles.forEach((title, i) => {
    const suffix = i === 0 ? "" : String(i + 1);
    const top = 1 - i * (rows * PANEL_ROW_PX + PANEL_GAP_PX) / plot;
    layout[`xaxis${suffix}`] = axis(title, { ...xaxis, anchor: `y${suffix}` });
    layout[`yaxis${suffix}`] = axis("", {
      domain: [Math.max(0, top - rows * PANEL_ROW_PX / plot), top],
      anchor: `x${suffix}`,
      range: [rows - 0.5, -0.5], // first model on top
      showgrid: false,
      zeroline: false,
    });
  });
  return layout;
}

/** A name as an axis label: escaped, broken at spaces into lines of about 14 characters. */
export function brokenLabel(name: string, escape: (text: string) => string): string {
  const lines = [""];
  for (const word of name.split(" ")) {
    const last = lines.at(-1)!;
    if (last && last.length + word.length > 13) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines.map(escape).join("<br>");
}

/**
 * Right end of an axis from zero: everything is seen, but for intervals that are so wide (a handful of rounds) that
 * they would hide the points.
 */
export function rightEnd(points: number[], highs: (number | null)[]): number {
  const largest = Math.max(...points, 0);
  return 1.08 * Math.max(largest, ...highs.map((high) => Math.min(high ?? 0, 2 * largest))) || 1;
}
