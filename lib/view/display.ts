/** How a result shows itself: one bundle of MIME types for a notebook, its text for a terminal. */
import { names, object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { entries, list, type Rule, text, withFields } from "../check/rules.ts";
import { jupyter } from "../progress.ts";
import { printable } from "./escape.ts";

/** A figure as plotly takes it; plain JSON. */
export interface Figure {
  data: Record<string, unknown>[];
  layout: Record<string, unknown>;
  config?: Record<string, unknown>;
}

/** MIME type to content; `text/plain` is always there. */
export interface Bundle {
  "text/plain": string;
  "text/html"?: string;
  "text/markdown"?: string;
  "application/vnd.plotly.v1+json"?: Figure;
}

/** Plotly checks it. */
const anything: Rule<unknown> = () => {};
const FIGURE = object<Figure>({
  data: entries(),
  layout: names<unknown>(anything, "setting"),
  config: optional(names<unknown>(anything, "setting")),
});
export const BUNDLE = object<Bundle>({
  "text/plain": text,
  "text/html": optional(text),
  "text/markdown": optional(text),
  "application/vnd.plotly.v1+json": optional(FIGURE),
});

const jupyterDisplay = Symbol.for("Jupyter.display");
const denoInspect = Symbol.for("Deno.customInspect");

/**
 * A drawing: as the last expression of a cell it shows itself, in a terminal `console.log` prints its text.
 *
 * @example
 * ```ts
 * import { View } from "./display.ts";
 *
 * console.log(new View({ "text/plain": "3 models", "text/html": "<b>3</b> models" }));
 * ```
 */
export class View {
  readonly bundle: Bundle;
  constructor(bundle: Bundle) {
    checkOptions("Cannot show a view", bundle, BUNDLE, { whole: "the bundle", part: "type" });
    this.bundle = { ...bundle, "text/plain": printable(bundle["text/plain"]) };
  }
  [jupyterDisplay](): Bundle {
    return this.bundle;
  }
  [denoInspect](): string {
    return this.bundle["text/plain"];
  }
  toString(): string {
    return this.bundle["text/plain"];
  }
}

const VIEWS = list(withFields<View>("a view, as tables and figures are", "bundle"));

/** Show several views from one cell, in order; outside Jupyter their text is printed. */
export async function show(...views: View[]): Promise<void> {
  checkArgument("Cannot show", "views", views, VIEWS);
  const kernel = jupyter();
  for (const view of views) {
    if (kernel) await kernel.display(view.bundle as unknown as Deno.jupyter.MediaBundle, { raw: true });
    else console.log(view.toString());
  }
}

/** Both are needed: the button, and the address that it would send to. */
export const NO_UPLOAD = { showSendToCloud: false, plotlyServerURL: "" };

/**
 * A plotly figure as a view. Never `responsive`: in JupyterLab it collapses a figure to height 0. Never with a button that
 * sends the figure's data to plotly's site, which plotly 4 shows unless told not to.
 *
 * @param text What the figure says, for readers and tools without plotly.
 */
export function figureView(figure: Figure, text: string): View {
  return new View({
    "text/plain": text,
    "application/vnd.plotly.v1+json": { ...figure, config: { displaylogo: false, ...figure.config, ...NO_UPLOAD } },
  });
}
