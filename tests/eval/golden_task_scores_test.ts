// The real model on the first rows of the smaller tasks, against lm-eval 0.4.13: tests/golden/tasks_scores_lm_eval.py.
import assert from "node:assert/strict";
import { QualityBenchmark } from "../../lib/eval/quality_benchmark.ts";
import type { Row } from "../../lib/eval/types.ts";
import { loadDataset } from "../../lib/store/dataset.ts";
import golden from "../golden/tasks_scores_lm_eval.json" with { type: "json" };
import { sharedFolder } from "../shared.ts";

interface Golden {
  ll: number[];
  greedy: boolean[];
  metrics: { acc: number; acc_norm?: number };
}

type TaskName = "arc_easy" | "arc_challenge" | "piqa" | "sciq" | "boolq" | "lambada_openai";

const quality = new QualityBenchmark({ ref: "smollm2-135m", precision: "fp32" });

for (const task of ["arc_easy", "arc_challenge", "piqa", "sciq", "boolq"] as const) {
  Deno.test(`SmolLM2 at fp32 has lm-eval's log-likelihoods of ${task} to 1e-3, acc and acc_norm exact`, async () => {
    await compare(task, await loadDataset(task));
  });
}

const shared = sharedFolder("datasets");
Deno.test(
  "SmolLM2 at fp32 has lm-eval's log-likelihoods of lambada_openai to 1e-3, and the same greedy ones",
  { ignore: shared === null },
  async () => await compare("lambada_openai", await loadDataset(`${shared}/lambada_openai/test.jsonl.gz`)),
);

async function compare(task: TaskName, rows: Row[]): Promise<void> {
  const expected: Golden[] = golden.tasks[task];
  const { items } = await quality.evaluateTask(task, rows, { limit: expected.length });
  const got = items.map((item) => item.logLikelihoods ?? [item.goldLogLikelihood!]);
  const differences = expected.flatMap(({ ll }, i) => ll.map((value, k) => Math.abs(value - got[i][k])));
  assert.ok(Math.max(...differences) <= 1e-3, `largest difference ${Math.max(...differences)}`);
  assert.deepEqual(items.map((item) => item.isGreedy), expected.map((item) => item.greedy));
  assert.deepEqual(items.map((item) => item.correct), expected.map((item) => item.metrics.acc));
  if (expected[0].metrics.acc_norm !== undefined) {
    assert.deepEqual(items.map((item) => item.correctNorm), expected.map((item) => item.metrics.acc_norm));
  }
}
