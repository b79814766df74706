// The real model on all 100 golden rows, against lm-eval 0.4.13 (transformers 5.23.0, float32, batch size 1).
import assert from "node:assert/strict";
import { QualityBenchmark } from "../../lib/eval/quality_benchmark.ts";
import golden from "../golden/hellaswag_0shot.json" with { type: "json" };
import goldenRows from "../golden/eval_rows.json" with { type: "json" };

Deno.test("SmolLM2 at fp32 has lm-eval's HellaSwag log-likelihoods to 1e-3, acc and acc_norm exact", async () => {
  const quality = new QualityBenchmark({ ref: "smollm2-135m", precision: "fp32" });
  const { items, metrics } = await quality.evaluateTask("hellaswag", undefined, {
    rows: goldenRows.hellaswag,
    store: null,
  });
  assert.deepEqual(items.map((i) => i.row), goldenRows.hellaswag);
  assert.deepEqual(items.map((i) => i.promptHash), golden.items.map((i) => i.prompt_hash));
  const differences = golden.items.flatMap((want, i) =>
    want.ll.map((ll, k) => Math.abs(ll - items[i].logLikelihoods![k]))
  );
  assert.equal(differences.length, 400);
  assert.ok(Math.max(...differences) <= 1e-3, `largest difference ${Math.max(...differences)}`);
  assert.deepEqual(items.map((i) => [i.correct, i.correctNorm]), golden.items.map((i) => [i.acc, i.acc_norm]));
  assert.equal(metrics.acc.point, golden.acc);
  assert.equal(metrics.acc_norm.point, golden.acc_norm);
});
