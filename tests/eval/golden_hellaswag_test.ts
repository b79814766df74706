// The real models on golden rows of lm-eval 0.4.13 (transformers, float32, batch size 1; versions in the golden files).
import assert from "node:assert/strict";
import golden from "../golden/hellaswag_0shot.json" with { type: "json" };
import gemma from "../golden/hellaswag_0shot_gemma3.json" with { type: "json" };
import { againstGolden } from "./golden_hellaswag.ts";

Deno.test("SmolLM2 at fp32 has lm-eval's HellaSwag log-likelihoods to 1e-3, acc and acc_norm exact", async () => {
  const { result, worst } = await againstGolden({ ref: "smollm2-135m", precision: "fp32" }, golden.items);
  assert.equal(golden.items.length, 100);
  assert.ok(worst <= 1e-3, `largest difference ${worst}`);
  assert.deepEqual(result.items.map((i) => i.promptHash), golden.items.map((i) => i.prompt_hash));
  assert.equal(result.metrics.acc.point, golden.acc);
  assert.equal(result.metrics.acc_norm.point, golden.acc_norm);
});

// all 30: `deno task bench:golden`
Deno.test("Gemma 3 at fp32 has lm-eval's HellaSwag log-likelihoods to 1e-3 on 8 rows", async () => {
  const at = [0, 4, 8, 12, 16, 20, 24, 28];
  const { worst } = await againstGolden({ ref: "gemma3-270m", precision: "fp32" }, gemma.items, at);
  assert.ok(worst <= 1e-3, `largest difference ${worst}`);
});
