/** What is asked of log-likelihoods, and what comes of it. */

/**
 * One log-likelihood request. Text is tokenised by lm-eval's join rule; ids are taken as they are.
 * An empty context (text or ids) stands for the prefix token: BOS, else EOS.
 */
export type ScoreRequest =
  | { context: string; continuation: string }
  | { contextIds: number[]; continuationIds: number[] };

export interface ScoreResult {
  /** Sum over the continuation's tokens of ln p(token | all before). */
  logLikelihood: number;
  /** Whether every token of the continuation is the argmax. */
  isGreedy: boolean;
  /** Number of scored tokens. */
  tokens: number;
}
