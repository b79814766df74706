/** From log-likelihoods of choices to what counts: right or wrong, plain and per length. */
import type { ScoreResult } from "../model/log_likelihood.ts";
import { requestHash, sha256 } from "./hashes.ts";
import type { ChoicePrompt } from "./prompt.ts";
import { codePoints, utf8Bytes } from "./python_text.ts";
import type { EvalItem } from "./types.ts";

/** Index of the largest value; the first wins a tie, as in numpy. */
export function argmax(values: number[]): number {
  return values.reduce((best, v, i) => v > values[best] ? i : best, 0);
}

/** A question as it was asked. The library's own have one context, choices and a right one. */
export interface AskedChoices extends Partial<Pick<ChoicePrompt, "choices" | "answers" | "gold" | "cluster">> {
  /** One for each choice, where they differ. */
  context: string | string[];
  continuations: string[];
}

/**
 * One scored question. `acc` takes the summed log-likelihood; `acc_norm` divides it by the choice's length in code
 * points and `acc_bytes` by its UTF-8 bytes, both without the delimiter (lm-eval 0.4.13,
 * `ConfigurableTask.process_results`). Without choices it has no lengths, without a right one no verdict.
 */
export function choiceItem(
  row: number,
  subject: string | undefined,
  { context, continuations, choices, answers, gold, cluster }: AskedChoices,
  scores: ScoreResult[],
): EvalItem {
  const contexts = continuations.map((_, i) => typeof context === "string" ? context : context[i]);
  const logLikelihoods = scores.map((s) => s.logLikelihood);
  const choiceChars = choices?.map(codePoints), choiceBytes = choices?.map(utf8Bytes);
  const right = (values: number[]) => Number(argmax(values) === gold);
  const over = (lengths: number[]) => right(logLikelihoods.map((v, i) => v / lengths[i]));
  const longest = answers ?? choices;
  return {
    row,
    ...(subject === undefined ? {} : { subject }),
    ...(cluster === undefined ? {} : { cluster }),
    logLikelihoods,
    isGreedy: scores.map((s) => s.isGreedy),
    ...(gold === undefined ? {} : { goldLogLikelihood: logLikelihoods[gold], gold }),
    ...(longest ? { longest: argmax(longest.map(codePoints)) } : {}),
    ...(choiceChars ? { choiceChars, choiceBytes } : {}),
    correct: gold === undefined ? null : right(logLikelihoods),
    ...(choiceChars && gold !== undefined ? { correctNorm: over(choiceChars), correctBytes: over(choiceBytes!) } : {}),
    tokens: scores.reduce((sum, s) => sum + s.tokens, 0),
    promptHash: sha256(contexts[0]),
    requestHash: requestHash(contexts.map((context, i) => ({ context, continuation: continuations[i] }))),
  };
}
