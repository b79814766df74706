// The real model on a few golden rows in every mode of scoring, and its tokenizer at a join that merges.
import assert from "node:assert/strict";
import { QualityBenchmark } from "../../lib/eval/quality_benchmark.ts";
import { startHost } from "../../lib/model/host.ts";
import { SCORE_MODES } from "../../lib/model/score_options.ts";
import golden from "../golden/hellaswag_0shot.json" with { type: "json" };
import golden5 from "../golden/mmlu_5shot.json" with { type: "json" };
import goldenRows from "../golden/eval_rows.json" with { type: "json" };

const ref = { ref: "smollm2-135m", precision: "fp32" as const };

Deno.test("SmolLM2 has lm-eval's log-likelihoods in every mode of scoring, and the modes agree to 1e-4", async () => {
  const quality = new QualityBenchmark(ref);
  const host = await startHost(ref, { graphs: ["score"] });
  const [subject, [row]] = Object.entries(goldenRows.mmlu)[0];
  const want = [
    ...golden.items.slice(0, 3).map((item) => item.ll),
    Object.entries(golden5.subjects).find(([name]) => name === subject)![1][0].ll,
  ].flat();
  try {
    const found: number[][] = [];
    for (const mode of SCORE_MODES) {
      const options = { host, scoring: { mode } }; // a host of the caller keeps nothing
      const parts = [
        await quality.evaluateTask("hellaswag", undefined, { rows: goldenRows.hellaswag.slice(0, 3), ...options }),
        await quality.evaluateTask("mmlu", undefined, { rows: { [subject]: [row] }, shots: 5, ...options }),
      ];
      assert.deepEqual(parts[0].environment.scoring, { mode });
      found.push(parts.flatMap(({ items }) => items.flatMap((item) => item.logLikelihoods!)));
    }
    const largest = (a: number[], b: number[]) => Math.max(...a.map((v, i) => Math.abs(v - b[i])));
    for (const [i, mode] of SCORE_MODES.entries()) {
      assert.ok(largest(found[i], want) < 1e-3, `${mode} and lm-eval: ${largest(found[i], want)}`);
      assert.ok(largest(found[i], found.at(-1)!) < 1e-4, `${mode} and strict: ${largest(found[i], found.at(-1)!)}`);
    }
    const join = host.score([{ context: "Hello wor", continuation: "ld" }]); // "Hello", " world": two tokens, as before
    await assert.rejects(join, { name: "RangeError", message: /continuation "ld" has no tokens of its own/ });
  } finally {
    await host.close();
  }
});
