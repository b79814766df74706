/** How many query-key pairs a causal mask lets through. */

/**
 * Pairs (query, key) of `tokens` new tokens behind `past` cached ones, with an optional window of `window` keys (the
 * token itself included): A = m P + m (m + 1) / 2 + (S - m) W with m = clamp(W - P, 0, S), the tokens that still see all.
 *
 * @example A window of 2 over 4 tokens: 1 + 2 + 2 + 2
 * ```ts
 * import assert from "node:assert/strict";
 * import { attentionPairs } from "./attention_pairs.ts";
 *
 * assert.equal(attentionPairs(4, 0, 2), 7);
 * ```
 */
export function attentionPairs(tokens: number, past: number, window = Infinity): number {
  const unlimited = Math.min(Math.max(window - past, 0), tokens);
  const limited = tokens - unlimited;
  return unlimited * past + unlimited * (unlimited + 1) / 2 + (limited > 0 ? limited * window : 0);
}
