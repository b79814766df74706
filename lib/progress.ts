/**
 * What long work reports to, and asks whether to stop. Draws in Jupyter, in a terminal, or nowhere.
 */

/** A running bar; `update` is cheap (drawing is throttled to 10 a second). */
export interface Progress {
  /** `done` of `total` units, with an optional note ("int4, round 3"). */
  update(done: number, note?: string): void;
  /** Ends the bar; further updates are ignored. */
  finish(): void;
}

/** Thrown by `checkStop` after Jupyter's Stop button or Ctrl-C. */
export class StopError extends Error {
  override name = "StopError";
}
