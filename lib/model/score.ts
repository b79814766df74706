/** Log-likelihoods with the score graph, in one of three ways that give the same numbers. */
import type { LanguageModel } from "./language_model.ts";
import type { ScoreRequest, ScoreResult } from "./log_likelihood.ts";
import { batchFeeds, planBatches, scoreBatch } from "./score_batch.ts";
import { Scores } from "./score_head.ts";
import { completeSettings, type ScoreOptions, type ScoreSettings } from "./score_options.ts";
import { slotsAlone } from "./score_plan.ts";
import { type Sequence, toSequences } from "./score_request.ts";
import { scoreTree, sequenceFeeds } from "./score_tree.ts";
import { int64s } from "./session.ts";

/** @internal Use `LanguageModel.score`. */
export async function scoreRequests(
  model: LanguageModel,
  requests: ScoreRequest[],
  options: ScoreOptions,
): Promise<ScoreResult[]> {
  const settings = completeSettings(model.spec, options);
  const sequences = await toSequences(model, requests);
  const scores = new Scores(sequences, options.known);
  let done = Object.keys(options.known ?? {}).length;
  const afterRun = async () => {
    for (const index of scores.suspects) scores.settle(index, await scoreAlone(model, sequences, index));
    const finished = scores.takeFinished().map((index) => ({ index, result: scores.results[index] }));
    options.onProgress?.(done += finished.length, finished);
  };
  const lengths = sequences.map((s) => s.tokens.length);
  refuseTooLong(lengths, settings);
  if (settings.mode === "tree") {
    await scoreTree(model, sequences, scores, settings, afterRun);
    return scores.results;
  }
  const batches = settings.mode === "batch"
    ? planBatches(lengths, Math.min(settings.tokenBudget, settings.maxCachedTokens))
    : lengths.map((_, i) => [i]);
  for (const batch of batches) {
    if (!scores.isOpen(batch)) continue;
    await scoreBatch(model, sequences, batch, scores);
    await afterRun();
  }
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
async function scoreAlone(model: LanguageModel, sequences: Sequence[], index: number): Promise<ScoreResult> {
  const alone = new Scores([sequences[index]]);
  await scoreBatch(model, [sequences[index]], [0], alone);
  const [result] = alone.results;
  if (Number.isFinite(result.logLikelihood)) return result;
  throw new RangeError(
    `Cannot score request ${index} with ${model.info.name} (${model.info.precisionLabel}): a log-probability of its ` +
      `continuation is ${result.logLikelihood}; look at the logits of its tokens (model.logits) and at the weights, ` +
      "which may hold NaN or overflow at this precision",
  );
}

/** @internal Use `LanguageModel.logits`. */
export async function allLogits(model: LanguageModel, ids: number[]) {
  const { logits } = await (await model.session("score")).run({
    ...sequenceFeeds(model, ids),
    rows: int64s(ids.map((_, i) => i), [ids.length]),
    targets: int64s([0, 0], [1, 2]),
  }, ["logits"]);
  return { data: logits.data as Float32Array, dims: [ids.length, model.info.vocabSize] as [number, number] };
}

/**
 * One forward pass of a batch with the head on every row, for timing.
 *
 * @param prompts Token ids, [batch][tokens], of one length.
 * @returns The argmax of every row, [batch * tokens].
 */
export async function forwardAllLogits(model: LanguageModel, prompts: number[][]): Promise<number[]> {
  const rows = prompts.length * prompts[0].length;
  const { argmax } = await (await model.session("score")).run({
    ...batchFeeds(model, prompts),
    rows: int64s(Array.from({ length: rows }, (_, i) => i), [rows]),
    targets: int64s([0, 0], [1, 2]),
  }, ["argmax"]);
  return Array.from(argmax.data as BigInt64Array, Number);
}
