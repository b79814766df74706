/** What a bar of progress may be asked for: its unit, where it is drawn, and by which clock. */
import { object, optional } from "./check/objects.ts";
import { func, oneOf, withMethods } from "./check/rules.ts";

/** One state of a bar. Times in ms. */
export interface ProgressState {
  label: string;
  done: number;
  total: number;
  note?: string;
  /** "bytes" is shown in MB (10^6 bytes); every other unit is a plain count. */
  unit?: "bytes";
  elapsedMs: number;
  /** The bar has ended; with `done < total` the work was stopped. */
  ended: boolean;
  /** It is part of another bar's work, and leaves no line behind. */
  nested: boolean;
}

/** Where a bar is drawn. `everyMs` is the shortest time between two drawings. */
export interface ProgressSink {
  everyMs: number;
  /** Draw nothing before the work is this old. */
  afterMs: number;
  /** Redraw once a second without an update, so that the clock goes on. */
  ticks: boolean;
  /** All bars share one place, so only the innermost is drawn. */
  shared?: boolean;
  draw(state: ProgressState): void;
}

export interface ProgressOptions {
  unit?: "bytes";
  /** Default: Jupyter, else the terminal, else lines on stderr. */
  sink?: ProgressSink;
  /** Clock in ms. Default `performance.now`. */
  now?: () => number;
}

export const PROGRESS_OPTIONS = object<ProgressOptions>({
  unit: optional(oneOf("bytes")),
  sink: optional(withMethods<ProgressSink>("a sink, { draw }", "draw")),
  now: optional(func()),
});
