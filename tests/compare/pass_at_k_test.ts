import assert from "node:assert/strict";
import { Comparison } from "../../lib/compare/comparison.ts";
import type { ComparisonRaw } from "../../lib/compare/raw.ts";
import { passMetrics } from "../../lib/eval/generated/pass_metrics.ts";
import type { EvalItem, EvalResult } from "../../lib/eval/types.ts";

/** Problems with so many of two programs that pass. */
function result(passed: number[]): EvalResult {
  const items = passed.map((c, row): EvalItem => ({
    row,
    correct: c / 2,
    samples: [0, 1].map((sample) => ({
      seed: 0,
      sample,
      completion: "",
      tokens: 1,
      finishReason: "stop",
      verdict: sample < c ? "passed" : "failed",
    })),
    tokens: 2,
    promptHash: "",
  }));
  return {
    task: "humaneval",
    n: items.length,
    items,
    metrics: passMetrics(items, [2, 1], 0.95),
    higherIsBetter: { "pass@2": true, "pass@1": true },
  } as Partial<EvalResult> as EvalResult;
}

Deno.test("a generated task has a row that names its k, and its problems are paired", () => {
  const a = result([2, 1, 0, 0, 2, 1]), b = result([2, 2, 1, 0, 2, 0]);
  const raw = {
    version: 1,
    models: { a: { memory: {} }, b: { memory: {} } },
    baseline: "a",
    band: { speed: 0.01, quality: 0.02 },
    settings: [],
    rounds: [],
    tasks: { humaneval: { a, b } },
  };
  const comparison = new Comparison(raw as unknown as ComparisonRaw);
  const [first, second] = comparison.table.objects() as Record<string, unknown>[];
  assert.deepEqual([first.config, first.pass_at_k, first.accuracy], ["humaneval pass@2", 4 / 6, 4 / 6]);
  assert.equal(second.pass_at_k, 4 / 6);
  const [row] = comparison.summary.objects() as Record<string, unknown>[];
  assert.deepEqual([row.config, row.metric, row.n, row.difference], ["humaneval", "pass@2", 6, 0]);
  assert.equal(row.verdict, "unclear");
});
