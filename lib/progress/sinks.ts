/** Where bars are drawn: in a notebook, on a terminal's line, as lines of a log. */
import { type Broadcast, displayInPlace, jupyter } from "./kernel.ts";
import { progressLine } from "./line.ts";
import { progressHtml, type ProgressState, progressText } from "./state.ts";
import { terminalText } from "./width.ts";

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

/** Columns of a terminal that does not tell. */
const COLUMNS = 80;

/** Jupyter, else the terminal, else lines on stderr. */
export function defaultSink(): ProgressSink {
  const kernel = jupyter();
  if (kernel) return jupyterSink((type, content) => kernel.broadcast(type, content));
  return Deno.stderr.isTerminal() ? terminalSink(writeError) : lineSink(writeError);
}

/** Write to stderr; a closed one must not end the work. */
export function writeError(text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
  } catch {
    // nobody reads it
  }
}

/** Columns of the terminal now: it may be resized at any time. */
export function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns || COLUMNS; // 0 where a terminal does not know
  } catch {
    return COLUMNS;
  }
}

/** A bar as HTML, with its line as text. */
export function jupyterSink(broadcast: Broadcast): ProgressSink {
  let show: ((data: object) => void) | null = null;
  return {
    everyMs: 100,
    afterMs: 1000,
    ticks: true,
    draw(state) {
      if (!show && state.ended && state.nested) return;
      show ??= displayInPlace(broadcast, { archbench: { progress: true, depth: state.within?.length ?? 0 } });
      show({ "text/plain": lineOf(state), "text/html": progressHtml(state) });
    },
  };
}

/**
 * A bar on one line of a terminal, replaced by a summary line at its end.
 *
 * @param columns Of the terminal, asked at every drawing; the last one stays free, since some terminals break the line there.
 */
export function terminalSink(write: (text: string) => void, columns: () => number = terminalColumns): ProgressSink {
  return {
    everyMs: 100,
    afterMs: 1000,
    ticks: true,
    shared: true,
    draw(state) {
      write(`\r\x1b[2K${progressLine(state, columns() - 1)}${state.ended && !state.nested ? "\n" : ""}`);
    },
  };
}

/** Plain lines for logs: the first after 5 s of work, then one every 10 s; of nested bars only the innermost writes. */
export function lineSink(write: (text: string) => void): ProgressSink {
  return {
    everyMs: 10_000,
    afterMs: 5000,
    ticks: false,
    shared: true,
    draw(state) {
      const line = lineOf(state);
      if (line) write(terminalText(line) + "\n");
    },
  };
}

/** A bar's text with the bars whose work it is part of: `Tasks 3/8 > hellaswag 20/100, 0:12`. */
function lineOf(state: ProgressState): string {
  const text = progressText(state);
  return state.ended ? text : [...state.within ?? [], text].join(" > ");
}
