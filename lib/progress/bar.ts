/** A running bar: counts, throttles drawings, and knows whether it is part of another one's work. */
import { object, optional } from "../check/objects.ts";
import { checkOptions } from "../check/options.ts";
import { func, oneOf, withMethods } from "../check/rules.ts";
import { jupyter } from "./kernel.ts";
import { watchInterrupt } from "./interrupt.ts";
import { defaultSink, type ProgressSink } from "./sinks.ts";
import { progressPieces, type ProgressState } from "./state.ts";
import { forgetStaleStop } from "./stop.ts";

/** A running bar; `update` is cheap (drawing is throttled to 10 a second). */
export interface Progress {
  /** `done` of `total` units, with an optional note ("int4, round 3"). */
  update(done: number, note?: string): void;
  /** Ends the bar; further updates are ignored. Call it in a `finally`. */
  finish(): void;
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

/** What is done in the first moment was there before: an earlier run's part says nothing of how long the rest takes. */
const THERE_MS = 200;

/** Bars that have not ended, innermost last, and what each has to say. */
const running: { bar: Progress; brief: () => string }[] = [];
let endWatch: (() => void) | null = null;

/**
 * Start a progress bar. Work that ends within a second shows nothing. While one runs outside a notebook, Ctrl-C stops the
 * work at its next `checkStop`.
 *
 * @param label What is being done, e.g. "HellaSwag, int4".
 * @param total Number of units; 0 when it is not known.
 * @example
 * ```ts
 * import { progress } from "../progress.ts";
 *
 * const bar = progress("rounds", 3);
 * try {
 *   for (let round = 1; round <= 3; round++) bar.update(round, `round ${round}`);
 * } finally {
 *   bar.finish();
 * }
 * ```
 */
export function progress(label: string, total: number, options: ProgressOptions = {}): Progress {
  checkOptions("Cannot show progress", options, PROGRESS_OPTIONS);
  const now = options.now ?? (() => performance.now());
  const sink = options.sink ?? defaultSink();
  const start = now();
  let done = 0, there = 0, note: string | undefined, ended = false, drawnAt: number | null = null;

  const nested = running.length > 0, within = running.map(({ brief }) => brief);
  if (!nested) {
    forgetStaleStop();
    if (!jupyter()) endWatch = watchInterrupt();
  }

  const stateAt = (at: number): ProgressState => ({
    label,
    done,
    total,
    ...(there ? { there } : {}),
    note,
    unit: options.unit,
    elapsedMs: at - start,
    ended,
    nested,
    ...(nested ? { within: within.map((brief) => brief()) } : {}),
  });
  const draw = () => {
    const at = now();
    if (at - start < sink.afterMs) return;
    if (!ended && sink.shared && running.at(-1)?.bar !== bar) return;
    if (!ended && drawnAt !== null && at - drawnAt < sink.everyMs) return;
    drawnAt = at;
    sink.draw(stateAt(at));
  };
  const timer = sink.ticks ? setInterval(draw, 1000) : undefined;
  if (timer !== undefined) Deno.unrefTimer(timer);

  const bar: Progress = {
    update(value, text) {
      if (ended) return;
      done = value;
      if (now() - start < THERE_MS) there = value;
      note = text;
      draw();
    },
    finish() {
      if (ended) return;
      ended = true;
      running.splice(running.findIndex((r) => r.bar === bar), 1);
      clearInterval(timer);
      draw();
      if (!running.length) {
        endWatch?.();
        endWatch = null;
      }
    },
  };
  const brief = () => {
    const { count } = progressPieces(stateAt(now()));
    return `${label} ${count}`;
  };
  running.push({ bar, brief });
  return bar;
}
