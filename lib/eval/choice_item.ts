/** From log-likelihoods of choices to what counts: right or wrong, plain and per length. */
import type { ScoreResult } from "../model/protocol.ts";
import { sha256 } from "./hashes.ts";
import type { ChoicePrompt } from "./prompt.ts";
import { codePoints, utf8Bytes } from "./python_text.ts";
import type { EvalItem } from "./types.ts";

/** Index of the largest value; the first wins a tie, as in numpy. */
export function argmax(values: number[]): number {
  return values.reduce((best, v, i) => v > values[best] ? i : best, 0);
}

/**
 * One scored question. `acc` takes the summed log-likelihood; `acc_norm` divides it by the choice's length in code
 * points and `acc_bytes` by its UTF-8 bytes, both without the delimiter (lm-eval 0.4.13,
 * `ConfigurableTask.process_results`).
 */
export function choiceItem(
  row: number,
  subject: string | undefined,
  prompt: ChoicePrompt,
  scores: ScoreResult[],
): EvalItem {
  const logLikelihoods = scores.map((s) => s.logLikelihood);
  const choiceChars = prompt.choices.map(codePoints);
  const choiceBytes = prompt.choices.map(utf8Bytes);
  const right = (values: number[]) => Number(argmax(values) === prompt.gold);
  return {
    row,
    ...(subject === undefined ? {} : { subject }),
    ...(prompt.cluster === undefined ? {} : { cluster: prompt.cluster }),
    logLikelihoods,
    isGreedy: scores.map((s) => s.isGreedy),
    goldLogLikelihood: logLikelihoods[prompt.gold],
    gold: prompt.gold,
    longest: argmax((prompt.answers ?? prompt.choices).map(codePoints)),
    choiceChars,
    choiceBytes,
    correct: right(logLikelihoods),
    correctNorm: right(logLikelihoods.map((v, i) => v / choiceChars[i])),
    correctBytes: right(logLikelihoods.map((v, i) => v / choiceBytes[i])),
    tokens: scores.reduce((sum, s) => sum + s.tokens, 0),
    promptHash: sha256(prompt.context),
  };
}
