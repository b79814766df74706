/** HellaSwag's golden rows: log-likelihoods and correctness of lm-eval, compared with what a model gives here. */
import assert from "node:assert/strict";
import type { ModelRef } from "../../lib/arch/model_ref.ts";
import { QualityBenchmark } from "../../lib/eval/quality_benchmark.ts";
import type { EvalResult } from "../../lib/eval/types.ts";
import goldenRows from "../golden/eval_rows.json" with { type: "json" };

export interface GoldenItem {
  ll: number[];
  acc: number;
  acc_norm: number;
}

/**
 * Evaluate these of the golden items; acc and acc_norm of each must be lm-eval's.
 *
 * @param at Indexes in the golden file's own list; default: all.
 * @returns The result, and the largest difference of a log-likelihood.
 */
export async function againstGolden(
  ref: ModelRef,
  items: GoldenItem[],
  at: number[] = [...items.keys()],
): Promise<{ result: EvalResult; worst: number }> {
  const rows = at.map((i) => goldenRows.hellaswag[i]), wanted = at.map((i) => items[i]);
  const result = await new QualityBenchmark(ref).evaluateTask("hellaswag", undefined, { rows, store: null });
  assert.deepEqual(result.items.map(({ row }) => row), rows);
  const differences = wanted.flatMap(({ ll }, i) => {
    const got = result.items[i].logLikelihoods!;
    assert.equal(got.length, ll.length);
    return ll.map((want, k) => Math.abs(want - got[k]));
  });
  assert.deepEqual(
    result.items.map(({ correct, correctNorm }) => [correct, correctNorm]),
    wanted.map(({ acc, acc_norm }) => [acc, acc_norm]),
  );
  return { result, worst: Math.max(...differences) };
}
