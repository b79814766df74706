/** What is added to the scores of trainable softmax attention: who sees whom, and penalties on distance. */
import { HIDDEN } from "../../arch/nodes.ts";
import { alibiSlopes } from "../../arch/visible.ts";
import type { Ops, Tensor } from "../ops.ts";

/**
 * [copies * tokens, tokens]: 0 where a token sees another, the lowest float elsewhere.
 *
 * @param visible A window, and the first tokens of the sequence that stay visible with it.
 * @param copies Heads whose scores stand below one another.
 */
export function mask(ops: Ops, tokens: number, visible: { window?: number; sinks?: number } = {}, copies = 1): Tensor {
  const { window = Infinity, sinks = 0 } = visible;
  const sees = (i: number, j: number) => j <= i && (i - j < window || j < sinks);
  return betweenTokens(ops, tokens, copies, (i, j) => sees(i, j) ? 0 : HIDDEN);
}

/** ALiBi (arXiv 2108.12409): slope times -(i - j) for each head, [kvHeads, heads / kvHeads * tokens, tokens]. */
export function alibi(ops: Ops, tokens: number, { heads, kvHeads }: { heads: number; kvHeads: number }): Tensor {
  const slopes = ops.constant(alibiSlopes(heads), [heads, 1, 1]);
  const byHead = ops.mul(slopes, betweenTokens(ops, tokens, 1, (i, j) => j - i));
  return ops.reshape(byHead, [kvHeads, heads / kvHeads * tokens, tokens]);
}

/** A number for each token (row) and each other (column), as often below one another as there are copies. */
function betweenTokens(ops: Ops, tokens: number, copies: number, value: (i: number, j: number) => number): Tensor {
  const rows = copies * tokens;
  const values = Array.from({ length: rows * tokens }, (_, at) => value(Math.floor(at / tokens) % tokens, at % tokens));
  return ops.constant(values, [rows, tokens]);
}
