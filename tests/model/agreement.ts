/** What the tests of whole families share: a model of a spec, sequences, and comparing log-probabilities. */
import assert from "node:assert/strict";
import type { ModelOptions } from "../../lib/arch/model_ref.ts";
import type { ArchSpec } from "../../lib/arch/spec.ts";
import type { GenerateResult, Generation } from "../../lib/model/generate.ts";
import type { LanguageModel } from "../../lib/model/language_model.ts";
import { openModel } from "../../lib/model/open_model.ts";

/** Open a spec with the same random weights each time, and close it after. */
export async function withModel(
  spec: ArchSpec,
  use: (model: LanguageModel) => Promise<void>,
  options: ModelOptions = {},
): Promise<void> {
  const model = await openModel({ ref: spec, seed: 3 }, { threads: 1, ...options });
  try {
    await use(model);
  } finally {
    await model.close();
  }
}

export const ids = (length: number, start: number) => Array.from({ length }, (_, i) => (i * 31 + start * 17) % 256);

/** ln p of the last tokens, one by one, from the logits of the whole sequence: nothing is carried from run to run. */
export async function logProbabilities(model: LanguageModel, sequence: number[], last: number): Promise<number[]> {
  const { data, dims: [, vocab] } = await model.logits(sequence.slice(0, -1));
  return sequence.slice(-last).map((id, i) => {
    const row = data.subarray((sequence.length - 1 - last + i) * vocab, (sequence.length - last + i) * vocab);
    const max = row.reduce((a, b) => Math.max(a, b));
    return row[id] - max - Math.log(row.reduce((sum, v) => sum + Math.exp(v - max), 0));
  });
}

export const generations = (result: GenerateResult) => {
  assert.ok(!("refused" in result));
  return result as Generation[];
};
