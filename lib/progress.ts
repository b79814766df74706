/**
 * What long work reports to, and asks whether to stop. Draws in Jupyter (one output, updated in
 * place), in a terminal (a bar on stderr), as plain lines where stderr goes to a file, or nowhere.
 */
import { checkOptions } from "./check/options.ts";
import { PROGRESS_OPTIONS, type ProgressOptions, type ProgressSink, type ProgressState } from "./progress_options.ts";

export type { ProgressOptions, ProgressSink, ProgressState };

/** A running bar; `update` is cheap (drawing is throttled to 10 a second). */
export interface Progress {
  /** `done` of `total` units, with an optional note ("int4, round 3"). */
  update(done: number, note?: string): void;
  /** Ends the bar; further updates are ignored. Call it in a `finally`. */
  finish(): void;
}

/** Thrown by `checkStop` after Jupyter's Stop button, or after `requestStop`. */
export class StopError extends Error {
  override name = "StopError";
}

/** A stop asked for this long before new work begins was not meant for it. */
const STALE_STOP_MS = 2000;
const BAR_WIDTH = 24;

let stopAskedAt: number | null = null;
/** Bars that have not ended, innermost last. */
const running: Progress[] = [];

/** Ask running work to stop at its next `checkStop`. Jupyter's Stop button calls this. */
export function requestStop(): void {
  stopAskedAt = performance.now();
}

/**
 * Throws once after a stop was asked for. Long async loops call it at every step.
 *
 * @throws {StopError} If Jupyter's Stop button was pressed since the last call.
 */
export function checkStop(): void {
  if (stopAskedAt === null) return;
  stopAskedAt = null;
  throw new StopError("Stopped on request; what was finished before is kept");
}

/** The kernel's display functions, or null outside a Deno Jupyter kernel. */
export function jupyter(): typeof Deno.jupyter | null {
  try {
    return typeof Deno.jupyter?.broadcast === "function" ? Deno.jupyter : null;
  } catch {
    return null; // the getter throws outside `deno jupyter`
  }
}

/**
 * Start a progress bar. Work that ends within a second shows nothing.
 *
 * @param label What is being done, e.g. "HellaSwag, int4".
 * @param total Number of units; 0 when it is not known.
 * @example
 * ```ts
 * import { progress } from "./progress.ts";
 *
 * const bar = progress("rounds", 3);
 * try {
 *   for (let round = 1; round <= 3; round++) bar.update(round, `round ${round}`);
 * } finally {
 *   bar.finish();
 * }
 * ```
 */
export function progress(
  label: string,
  total: number,
  options: ProgressOptions = {},
): Progress {
  checkOptions("Cannot show progress", options, PROGRESS_OPTIONS);
  const now = options.now ?? (() => performance.now());
  const sink = options.sink ?? defaultSink();
  const start = now();
  let done = 0;
  let note: string | undefined;
  let ended = false;
  let drawnAt: number | null = null;

  const nested = running.length > 0;
  if (!nested && stopAskedAt !== null && performance.now() - stopAskedAt > STALE_STOP_MS) stopAskedAt = null;

  const draw = () => {
    const at = now();
    if (at - start < sink.afterMs) return;
    if (!ended && sink.shared && running.at(-1) !== bar) return;
    if (!ended && drawnAt !== null && at - drawnAt < sink.everyMs) return;
    drawnAt = at;
    sink.draw({
      label,
      done,
      total,
      note,
      unit: options.unit,
      elapsedMs: at - start,
      ended,
      nested,
    });
  };
  const timer = sink.ticks ? setInterval(draw, 1000) : undefined;
  if (timer !== undefined) Deno.unrefTimer(timer);

  const bar: Progress = {
    update(value, text) {
      if (ended) return;
      done = value;
      note = text;
      draw();
    },
    finish() {
      if (ended) return;
      ended = true;
      running.splice(running.indexOf(bar), 1);
      clearInterval(timer);
      draw();
    },
  };
  running.push(bar);
  return bar;
}

/** One line of text for a state: `rounds 3/24, int4, 0:12, 1:24 left`. */
export function progressText(state: ProgressState): string {
  const { done, total, note, elapsedMs, ended } = state;
  const count = total > 0 ? `${amount(done, state)}/${amount(total, state)}` : amount(done, state);
  const unit = state.unit === "bytes" ? " MB" : "";
  if (ended && state.nested) return "";
  if (ended) {
    const stopped = total > 0 && done < total;
    return `${state.label} ${count}${unit}, ${stopped ? "stopped" : "done"} after ${clock(elapsedMs)}`;
  }
  const parts = [`${state.label} ${count}${unit}`];
  if (note) parts.push(note);
  parts.push(clock(elapsedMs));
  if (done > 0 && total > done) {
    parts.push(`${clock(elapsedMs * (total - done) / done)} left`);
  }
  return parts.join(", ");
}

function amount(value: number, state: ProgressState): string {
  return state.unit === "bytes" ? (value / 1e6).toFixed(1) : String(value);
}

/** Minutes and seconds, `1:05`; with hours `1:02:05`. */
function clock(ms: number): string {
  const s = Math.round(ms / 1000);
  const two = (x: number) => String(x).padStart(2, "0");
  const rest = `${Math.floor(s / 60) % 60}:${two(s % 60)}`;
  return s < 3600 ? rest : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** `text/html` of a state: a native bar and the same line, escaped. */
export function progressHtml(state: ProgressState): string {
  const line = escapeHtml(progressText(state));
  if (state.ended) return line && `<small>${line}</small>`;
  const value = state.total > 0 ? ` max="${state.total}" value="${state.done}"` : "";
  return `<progress${value} style="vertical-align:middle"></progress> <small>${line}</small>`;
}

function defaultSink(): ProgressSink {
  const kernel = jupyter();
  if (kernel) {
    return jupyterSink((type, content) => kernel.broadcast(type, content));
  }
  return Deno.stderr.isTerminal() ? terminalSink((text) => write(text)) : lineSink((text) => write(text));
}

function write(text: string): void {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  } catch {
    // a closed stderr must not end the work
  }
}

/** A kernel's way to send a message on Jupyter's IOPub. */
type Broadcast = (type: string, content: Record<string, unknown>) => Promise<void>;

/**
 * One display of a notebook, drawn anew in place.
 *
 * @returns Draws a bundle of MIME types there; messages go in order, and one that cannot be sent does not end the work.
 */
export function displayInPlace(broadcast: Broadcast, metadata: object = {}): (data: object) => void {
  const transient = { display_id: crypto.randomUUID() };
  let shown = false, sent = Promise.resolve();
  return (data) => {
    const type = shown ? "update_display_data" : "display_data";
    shown = true;
    sent = sent.then(() => broadcast(type, { data, metadata, transient })).catch(() => {});
  };
}

/** A bar as HTML, with its line as text. */
export function jupyterSink(broadcast: Broadcast): ProgressSink {
  const show = displayInPlace(broadcast, { archbench: { progress: true } });
  let shown = false;
  return {
    everyMs: 100,
    afterMs: 1000,
    ticks: true,
    draw(state) {
      if (!shown && state.ended && state.nested) return;
      shown = true;
      show({ "text/plain": progressText(state), "text/html": progressHtml(state) });
    },
  };
}

/** A bar on one line of a terminal, replaced by a summary line at its end. */
export function terminalSink(write: (text: string) => void): ProgressSink {
  return {
    everyMs: 100,
    afterMs: 1000,
    ticks: true,
    shared: true,
    draw(state) {
      const full = state.total > 0 ? Math.round(BAR_WIDTH * Math.min(1, state.done / state.total)) : 0;
      const bar = state.total > 0 && !state.ended ? `[${"#".repeat(full)}${"-".repeat(BAR_WIDTH - full)}] ` : "";
      write(`\r\x1b[2K${bar}${progressText(state)}${state.ended && !state.nested ? "\n" : ""}`);
    },
  };
}

/** Plain lines for logs: the first after 5 s of work, then one every 10 s. */
export function lineSink(write: (text: string) => void): ProgressSink {
  return {
    everyMs: 10_000,
    afterMs: 5000,
    ticks: false,
    draw: (state) => write(progressText(state) + "\n"),
  };
}

// Once per kernel, however often this file is loaded: what Deno's kernel needs to survive.
const kernelFixes = Symbol.for("archbench.kernelFixes");
const realm = globalThis as { [kernelFixes]?: boolean };
if (jupyter() && !realm[kernelFixes]) {
  realm[kernelFixes] = true;
  // Without a listener the Stop button (SIGINT) kills the kernel.
  Deno.addSignalListener("SIGINT", requestStop);
  // Without a listener an error thrown in a timer hangs the kernel for good.
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    console.error(event.error ?? event.message);
  });
}

/** An error that carries what was measured before it: `partialOf(error)` gives it back. */
export function withPartial<E>(error: E, partial: unknown): E {
  if (error instanceof Error) Object.defineProperty(error, "partial", { value: partial, configurable: true });
  return error;
}

/** What was measured before work was stopped or failed: a result of fewer samples; undefined if there is none. */
export function partialOf<T = unknown>(error: unknown): T | undefined {
  return error instanceof Error ? (error as Error & { partial?: T }).partial : undefined;
}
