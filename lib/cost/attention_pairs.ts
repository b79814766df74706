/** How many query-key pairs a causal mask lets through. */

/**
 * Pairs (query, key) of `tokens` new tokens behind `past` cached ones, with an optional window of `window` keys (the
 * token itself included): A = m P + m (m + 1) / 2 + (S - m) W with m = clamp(W - P, 0, S), the tokens that still see all. `sinks` first tokens stay visible outside the window.
 *
 * @example A window of 2 over 4 tokens: 1 + 2 + 2 + 2
 * ```ts
 * import assert from "node:assert/strict";
 * import { attentionPairs } from "./attention_pairs.ts";
 *
 * assert.equal(attentionPairs(4, 0, 2), 7);
 * ```
 */
export function attentionPairs(tokens: number, past: number, window = Infinity, sinks = 0): number {
  const unlimited = Math.min(Math.max(window - past, 0), tokens);
  const limited = tokens - unlimited;
  return unlimited * past + unlimited * (unlimited + 1) / 2 + (limited > 0 ? limited * window : 0) +
    sinkPairs(past + tokens - window, sinks) -
    sinkPairs(past - window, sinks);
}

/** Pairs with the first `sinks` tokens that lie before the window, of all queries with up to `before` such tokens. */
function sinkPairs(before: number, sinks: number): number {
  return sinks > 0 && before > 0 ? attentionPairs(before, 0, sinks) : 0;
}
