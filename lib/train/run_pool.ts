/** Runs worked off so many at once under one progress bar. */
import { checkStop, progress } from "../progress.ts";

/** A piece of work: says how far it is (0 to 1) and ends when the signal does. */
export type PooledRun<T> = (at: { report(part: number, note: string): void; signal: AbortSignal }) => Promise<T>;

/**
 * Run all; the first failure, or a stop that was asked for, ends the others.
 *
 * @param width Runs at once.
 * @returns What each gave, in order.
 */
export async function runPool<T>(label: string, width: number, runs: PooledRun<T>[]): Promise<T[]> {
  const bar = progress(label, runs.length), abort = new AbortController();
  const results: T[] = new Array(runs.length), parts: number[] = new Array(runs.length).fill(0);
  let next = 0;
  const report = (i: number, part: number, note: string) => {
    parts[i] = part;
    bar.update(Math.floor(10 * parts.reduce((a, b) => a + b, 0)) / 10, note);
    try {
      checkStop();
    } catch (stop) {
      abort.abort(stop);
    }
  };
  const work = async () => {
    while (next < runs.length && !abort.signal.aborted) {
      const i = next++;
      try {
        results[i] = await runs[i]({ report: (part, note) => report(i, part, note), signal: abort.signal });
      } catch (error) {
        abort.abort(error); // keeps the first reason
      }
      parts[i] = 1;
    }
  };
  try {
    await Promise.all(Array.from({ length: width }, work));
    abort.signal.throwIfAborted();
    return results;
  } finally {
    bar.finish();
  }
}
