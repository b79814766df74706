/** Prompts with the ids, log-probabilities and greedy continuations of transformers: a model is asked for the same. */
import assert from "node:assert/strict";
import type { LanguageModel } from "../../lib/model/language_model.ts";

export interface GoldenPrompt {
  prompt: string;
  ids: number[];
  next_top5_ids: number[];
  next_top5_logprob: number[];
  prompt_logprob_sum: number;
  greedy_ids: number[];
}

/** Greedy ids exact, log-probabilities to 1e-3, by `logits` and by `score`. */
export async function assertGolden(model: LanguageModel, golden: GoldenPrompt): Promise<void> {
  const maxNewTokens = golden.greedy_ids.length;
  const [{ ids }] = await model.generate(golden.prompt, { maxNewTokens, ignoreEos: true });
  assert.deepEqual(ids, golden.greedy_ids);

  const { data, dims } = await model.logits(golden.ids);
  const row = (t: number) => data.subarray(t * dims[1], (t + 1) * dims[1]);
  const last = row(dims[0] - 1), z = logSumExp(last);
  golden.next_top5_ids.forEach((id, i) => near(last[id] - z, golden.next_top5_logprob[i]));
  const sum = golden.ids.slice(1).reduce((s, id, t) => s + row(t)[id] - logSumExp(row(t)), 0);
  near(sum, golden.prompt_logprob_sum);
  const [scored] = await model.score([{ contextIds: [golden.ids[0]], continuationIds: golden.ids.slice(1) }]);
  near(scored.logLikelihood, golden.prompt_logprob_sum);
}

function near(got: number, want: number): void {
  assert.ok(Math.abs(got - want) <= 1e-3, `${got} is not within 1e-3 of ${want}`);
}

function logSumExp(row: Float32Array): number {
  let max = -Infinity, sum = 0;
  for (const v of row) max = Math.max(max, v);
  for (const v of row) sum += Math.exp(v - max);
  return max + Math.log(sum);
}
