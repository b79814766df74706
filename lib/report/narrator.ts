/** Tells in a terminal, or a log, which cell of which notebook runs. */
import { fitText, terminalColumns, terminalText } from "../progress.ts";
import type { RunEvent } from "./run_notebook.ts";

const LOG_EVERY_MS = 15_000;
/** A bar that was silent for so long no longer hides the one whose work it is part of. */
const SILENT_MS = 3000;

export interface NarratorOptions {
  /** Whether the line can be drawn anew in place. */
  terminal: boolean;
  /** Columns of the terminal, asked at every drawing. */
  columns?: () => number;
  /** Clock in ms. Default `performance.now`. */
  now?: () => number;
}

/** A cell's own progress stands behind its name: in a terminal in the same line, in a log as a line now and then. */
export class Narrator {
  /** What runs now, "01_compare, cell compare"; empty before the first cell. */
  place = "";
  readonly #terminal: boolean;
  readonly #columns: () => number;
  readonly #now: () => number;
  #line = "";
  #writtenAt = 0;
  /** The innermost bar that was seen, and when: bars around it go on ticking. */
  #inner = { depth: 0, at: -Infinity };

  constructor(readonly write: (text: string) => void, options: NarratorOptions) {
    this.#terminal = options.terminal;
    this.#columns = options.columns ?? terminalColumns;
    this.#now = options.now ?? (() => performance.now());
  }

  tell(notebook: string, event: RunEvent): void {
    switch (event.event) {
      case "cell":
        this.place = terminalText(`${notebook}, cell ${event.name}`);
        this.#line = terminalText(`${notebook}  ${event.number}/${event.total}  ${event.name}`);
        this.#writtenAt = this.#now();
        this.#inner = { depth: 0, at: -Infinity };
        if (this.#terminal) this.#draw(this.#line);
        break;
      case "progress":
        this.#progress(event.text, event.depth ?? 0);
        break;
      case "done":
        this.#draw(`${this.#line}  ${event.seconds.toFixed(1)} s`, true);
        break;
      case "failed":
        this.write(`${this.#clear}${this.#line}  FAILED: ${event.reason}\n`);
    }
  }

  #progress(text: string, depth: number): void {
    const at = this.#now();
    if (depth < this.#inner.depth && at - this.#inner.at < SILENT_MS) return;
    if (!text) return void (this.#inner = { depth: depth - 1, at }); // a nested bar has ended
    this.#inner = { depth, at };
    if (!this.#terminal && at - this.#writtenAt < LOG_EVERY_MS) return;
    this.#writtenAt = at;
    this.#draw(`${this.#line}  ${terminalText(text)}`, !this.#terminal);
  }

  get #clear(): string {
    return this.#terminal ? "\r\x1b[2K" : "";
  }

  #draw(text: string, ends = false): void {
    this.write(this.#clear + (this.#terminal ? fitText(text, this.#columns() - 1) : text) + (ends ? "\n" : ""));
  }
}
