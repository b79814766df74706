// The real model on a few golden rows of each subject, against lm-eval 0.4.13 (float32, batch size 1).
import assert from "node:assert/strict";
import { QualityBenchmark } from "../../lib/eval/quality_benchmark.ts";
import golden0 from "../golden/mmlu_0shot.json" with { type: "json" };
import golden5 from "../golden/mmlu_5shot.json" with { type: "json" };
import goldenRows from "../golden/eval_rows.json" with { type: "json" };

const ROWS_OF_A_SUBJECT = 3;

for (const [shots, golden] of [[0, golden0], [5, golden5]] as const) {
  Deno.test(`SmolLM2 at fp32 has lm-eval's MMLU log-likelihoods to 1e-3 with ${shots} shots`, async () => {
    const rows = Object.fromEntries(
      Object.entries(goldenRows.mmlu).map(([subject, indexes]) => [subject, indexes.slice(0, ROWS_OF_A_SUBJECT)]),
    );
    const quality = new QualityBenchmark({ ref: "smollm2-135m", precision: "fp32" });
    const { items } = await quality.evaluateTask("mmlu", undefined, { rows, shots, store: null });
    const wanted = Object.values(golden.subjects).flatMap((list) => list.slice(0, ROWS_OF_A_SUBJECT));
    assert.equal(items.length, wanted.length);
    wanted.forEach((want, i) => {
      assert.equal(items[i].promptHash, want.prompt_hash);
      assert.equal(items[i].correct, want.acc);
      const worst = Math.max(...want.ll.map((ll, k) => Math.abs(ll - items[i].logLikelihoods![k])));
      assert.ok(worst <= 1e-3, `${items[i].subject} row ${items[i].row}: ${worst}`);
    });
  });
}
