/** From the log-likelihood of a continuation to what counts: whether the model would have written it. */
import type { ScoreResult } from "../model/log_likelihood.ts";
import { requestHash, sha256 } from "./hashes.ts";
import type { CompletionDoc } from "./task.ts";
import type { EvalItem } from "./types.ts";

/** One scored continuation; it is right if each of its tokens is the most probable one. */
export function completionItem(row: number, doc: CompletionDoc, score: ScoreResult): EvalItem {
  const { context, cluster } = doc;
  return {
    row,
    ...(cluster === undefined ? {} : { cluster }),
    goldLogLikelihood: score.logLikelihood,
    isGreedy: [score.isGreedy],
    correct: Number(score.isGreedy),
    tokens: score.tokens,
    promptHash: sha256(context),
    requestHash: requestHash([doc]),
  };
}
