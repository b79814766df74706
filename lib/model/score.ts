/** Log-likelihoods of requests, in one of several ways that give the same numbers. */
import type { ScoreRequest, ScoreResult } from "./log_likelihood.ts";
import type { RunningModel } from "./running_model.ts";
import { completeSettings, type ScoreOptions, type ScoreSettings } from "./score_options.ts";
import { slotsAlone } from "./score_plan.ts";
import { type Sequence, toSequences } from "./score_request.ts";
import { Scores } from "./scores.ts";

/** @internal Use `LanguageModel.score`. */
export async function scoreRequests(
  model: RunningModel,
  requests: ScoreRequest[],
  options: ScoreOptions,
): Promise<ScoreResult[]> {
  const settings = completeSettings(model, options);
  const sequences = await toSequences(model, requests);
  const scores = new Scores(sequences, options.known);
  let done = Object.keys(options.known ?? {}).length;
  refuseTooLong(sequences.map((s) => s.tokens.length), settings);
  await model.score(sequences, scores, settings, async () => {
    for (const index of scores.suspects) scores.settle(index, await scoreAlone(model, sequences, index, settings));
    const finished = scores.takeFinished().map((index) => ({ index, result: scores.results[index] }));
    options.onProgress?.(done += finished.length, finished);
  });
  return scores.results;
}

function refuseTooLong(lengths: number[], { mode, tokenBudget, maxCachedTokens }: Required<ScoreSettings>): void {
  lengths.forEach((length, index) => {
    const slots = mode === "tree" ? slotsAlone(length, tokenBudget) : length;
    if (slots <= maxCachedTokens) return;
    const behind = mode === "tree" ? ` at token budget ${tokenBudget}` : "";
    throw new RangeError(
      `Cannot score request ${index} of ${length} tokens: alone it needs ${slots} cached tokens${behind}, ` +
        `maxCachedTokens is ${maxCachedTokens}; raise it to ${slots}, or shorten the request`,
    );
  });
}

/**
 * A sequence in a run of its own, after a log-probability that was not finite: in a shared run one branch can spoil
 * others (a weight of 0 times NaN is NaN), and the error must name the one at fault.
 */
async function scoreAlone(
  model: RunningModel,
  sequences: Sequence[],
  index: number,
  settings: Required<ScoreSettings>,
): Promise<ScoreResult> {
  const alone = new Scores([sequences[index]]);
  await model.score([sequences[index]], alone, { ...settings, mode: "strict" }, async () => {});
  const [result] = alone.results;
  if (Number.isFinite(result.logLikelihood)) return result;
  throw new RangeError(
    `Cannot score request ${index} with ${model.info.name} (${model.info.precisionLabel}): a log-probability of its ` +
      `continuation is ${result.logLikelihood}; look at the logits of its tokens (model.logits) and at the weights, ` +
      "which may hold NaN or overflow at this precision",
  );
}
