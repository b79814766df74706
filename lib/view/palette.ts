/** One colour and one marker per model, the same in every figure: by the order in which models are named. */

/** Okabe and Ito's palette: told apart with any colour vision (https://jfly.uni-koeln.de/color/). */
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#555555", "#8A6D00"];
const MARKERS = ["circle", "diamond", "square", "triangle-up", "cross", "star", "x", "hexagon"];

export interface ModelStyle {
  colour: string;
  /** plotly's name of the marker. */
  marker: string;
}

/** Styles by name, in the order given; they repeat after eight models. */
export function modelStyles(names: string[]): Record<string, ModelStyle> {
  return Object.fromEntries(
    names.map((name, i) => [name, { colour: COLOURS[i % COLOURS.length], marker: MARKERS[i % MARKERS.length] }]),
  );
}

/** `#rrggbb` with an opacity, as plotly takes it. */
export function withOpacity(colour: string, opacity: number): string {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  return `rgba(${r}, ${g}, ${b}, ${opacity})`;
}
