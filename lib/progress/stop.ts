/** Asking long work to stop, and what it had measured until then. */

/** Thrown by `checkStop` after Jupyter's Stop button, Ctrl-C in a terminal, or `requestStop`. */
export class StopError extends Error {
  override name = "StopError";
}

/** A stop asked for this long before new work begins was not meant for it. */
const STALE_STOP_MS = 2000;

let stopAskedAt: number | null = null;

/** Ask running work to stop at its next `checkStop`. Jupyter's Stop button and Ctrl-C call this. */
export function requestStop(): void {
  stopAskedAt = performance.now();
}

/**
 * Throws once after a stop was asked for. Long async loops call it at every step.
 *
 * @throws {StopError} If a stop was asked for since the last call.
 */
export function checkStop(): void {
  if (stopAskedAt === null) return;
  stopAskedAt = null;
  throw new StopError("Stopped on request; what was finished before is kept");
}

/** New work begins: a stop that was asked for long before it was not meant for it. */
export function forgetStaleStop(): void {
  if (stopAskedAt !== null && performance.now() - stopAskedAt > STALE_STOP_MS) stopAskedAt = null;
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
