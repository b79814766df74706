/** A document of any length as log-likelihood requests: windows that each fit the context, every token scored once. */

export interface Window {
  /** Tokens that are seen but not scored; empty for the first window, which starts after the prefix token. */
  contextIds: number[];
  continuationIds: number[];
}

/**
 * lm-eval's rolling windows with a context of one token, made disjoint: each window scores as many tokens as fit,
 * the last one sees as much of the text before it as fits.
 *
 * @param maxLength Tokens that the model reads at once.
 * @example Ten tokens through a model that reads four
 * ```ts
 * import assert from "node:assert/strict";
 * import { rollingWindows } from "./rolling.ts";
 *
 * assert.deepEqual(rollingWindows([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 4), [
 *   { contextIds: [], continuationIds: [0, 1, 2, 3] },
 *   { contextIds: [3], continuationIds: [4, 5, 6, 7] },
 *   { contextIds: [5, 6, 7], continuationIds: [8, 9] },
 * ]);
 * ```
 */
export function rollingWindows(ids: number[], maxLength: number): Window[] {
  if (!Number.isInteger(maxLength) || maxLength < 1) {
    throw new RangeError(`Cannot cut windows: maxLength must be an integer >= 1, got ${maxLength}`);
  }
  const windows: Window[] = [];
  for (let start = 0; start < ids.length; start += maxLength) {
    const end = Math.min(start + maxLength, ids.length);
    const contextIds = start === 0 ? [] : ids.slice(end - maxLength - 1, start);
    windows.push({ contextIds, continuationIds: ids.slice(start, end) });
  }
  return windows;
}
