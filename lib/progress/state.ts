/** One state of a bar, and how it is said. */

/** Times in ms. */
export interface ProgressState {
  label: string;
  done: number;
  total: number;
  /** Of `done`: what an earlier run had finished, which took none of this one's time. */
  there?: number;
  note?: string;
  /** "bytes" is shown in MB (10^6 bytes); every other unit is a plain count. */
  unit?: "bytes";
  elapsedMs: number;
  /** The bar has ended; with `done < total` the work was stopped. */
  ended: boolean;
  /** It is part of another bar's work, and leaves no line behind. */
  nested: boolean;
  /** The bars whose work it is part of, outermost first: "Tasks 3/8". */
  within?: string[];
}

/** The pieces of a line, so that a narrow place can do without some. */
export interface ProgressPieces {
  label: string;
  /** `3/24`, `52.4/119.5 MB`. */
  count: string;
  note: string;
  /** `0:12`, or `done after 0:12`. */
  elapsed: string;
  /** `1:24 left`. */
  left: string;
}

export function progressPieces(state: ProgressState): ProgressPieces {
  const { label, done, total, there = 0, note = "", elapsedMs, ended } = state;
  const count = countOf(state);
  if (ended) {
    const how = total > 0 && done < total ? "stopped" : "done";
    return { label, count, note: "", elapsed: `${how} after ${clock(elapsedMs)}`, left: "" };
  }
  const left = done > there && total > done ? `${clock(elapsedMs * (total - done) / (done - there))} left` : "";
  return { label, count, note, elapsed: clock(elapsedMs), left };
}

/** One line of text for a state: `rounds 3/24, int4, 0:12, 1:24 left`. */
export function progressText(state: ProgressState): string {
  if (state.ended && state.nested) return "";
  const { label, count, note, elapsed, left } = progressPieces(state);
  return [`${label} ${count}`, note, elapsed, left].filter(Boolean).join(", ");
}

/** `text/html` of a state: a native bar and the same line, escaped. */
export function progressHtml(state: ProgressState): string {
  const line = escapeHtml(progressText(state));
  if (state.ended) return line && `<small>${line}</small>`;
  const value = state.total > 0 ? ` max="${state.total}" value="${state.done}"` : "";
  return `<progress${value} style="vertical-align:middle"></progress> <small>${line}</small>`;
}

function countOf({ done, total, unit }: ProgressState): string {
  const amount = (value: number) => unit === "bytes" ? (value / 1e6).toFixed(1) : String(value);
  return `${amount(done)}${total > 0 ? `/${amount(total)}` : ""}${unit === "bytes" ? " MB" : ""}`;
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
