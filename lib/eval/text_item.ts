/** From the log-likelihoods of a document's windows to its information in bits. */
import type { ScoreResult } from "../model/log_likelihood.ts";
import { sha256 } from "./hashes.ts";
import { utf8Bytes, wordCount } from "./python_text.ts";
import type { EvalItem } from "./types.ts";

/** One scored document; its first token counts too, given the prefix token. */
export function textItem(row: number, cluster: string | undefined, text: string, scores: ScoreResult[]): EvalItem {
  const nats = scores.reduce((sum, s) => sum + s.logLikelihood, 0);
  return {
    row,
    ...(cluster === undefined ? {} : { cluster }),
    goldLogLikelihood: nats,
    correct: null,
    bits: -nats / Math.LN2,
    bytes: utf8Bytes(text),
    words: wordCount(text),
    tokens: scores.reduce((sum, s) => sum + s.tokens, 0),
    promptHash: sha256(text),
  };
}
