import assert from "node:assert/strict";
import { openModel } from "../../lib/model/open_model.ts";
import generation from "../golden/generation_smollm2.json" with { type: "json" };
import tokenizer from "../golden/tokenizer_smollm2.json" with { type: "json" };
import { assertGolden } from "./golden_generation.ts";

/** Reference: llama.cpp (ids), transformers in float32 (greedy ids, log-probabilities); see the golden files. */
Deno.test("SmolLM2-135M at fp32: ids of llama.cpp, greedy ids and log-probabilities of transformers", async (t) => {
  const model = await openModel("smollm2-135m", { precision: "fp32" });
  try {
    for (const { text, ids } of tokenizer.cases) {
      await t.step(`tokenises ${JSON.stringify(text.slice(0, 40))} and back`, async () => {
        assert.deepEqual(await model.tokenizer.encode(text), ids);
        assert.equal(await model.tokenizer.decode(ids, { specialTokens: true }), text);
      });
    }
    for (const golden of generation.cases) {
      await t.step(`continues ${JSON.stringify(golden.prompt.slice(0, 40))}`, () => assertGolden(model, golden));
    }
    await t.step("is named for what it is", () => {
      assert.equal(model.info.parameters, 134_515_008); // the published count, tied head once
      assert.equal(model.info.precisionLabel, "fp32 (from Q4_1, 5.7 bits a weight)");
    });
  } finally {
    await model.close();
  }
});

Deno.test("SmolLM2-135M from its stored Q4_1 numbers stays near fp32, rounding twice to int4 costs more", async () => {
  const continuation = " Paris. The capital of Germany is Berlin. The capital of Italy is Rome.";
  const logLikelihood: Record<string, number> = {};
  for (const precision of ["fp32", "stored", "int4"] as const) {
    const model = await openModel("smollm2-135m", { precision, graphs: [] });
    const [result] = await model.score([{ context: "The capital of France is", continuation }]);
    logLikelihood[precision] = result.logLikelihood / result.tokens;
    await model.close();
  }
  // Stored differs by the rounding of activations alone; int4 rounds the weights a second time.
  const loss = (precision: string) => logLikelihood.fp32 - logLikelihood[precision];
  assert.ok(Math.abs(loss("stored")) < 0.05, JSON.stringify(logLikelihood));
  assert.ok(loss("int4") > loss("stored") && loss("int4") < 1.5, JSON.stringify(logLikelihood));
});

Deno.test("SmolLM2-135M with an int8 key-value cache: a quarter of the bytes, and no worse a predictor of the prompts", async () => {
  const bits: Record<string, number> = {};
  for (const kvCache of ["fp32", "int8"] as const) {
    const model = await openModel({ ref: "smollm2-135m", edits: [{ kvCache }] }, { graphs: [] });
    const requests = generation.cases.map(({ ids }) => ({ contextIds: [ids[0]], continuationIds: ids.slice(1) }));
    const results = await model.score(requests.filter((r) => r.continuationIds.length));
    const sum = (of: (r: typeof results[0]) => number) => results.reduce((total, r) => total + of(r), 0);
    bits[kvCache] = -sum((r) => r.logLikelihood) / sum((r) => r.tokens) / Math.LN2;
    await model.close();
  }
  // 60 HellaSwag endings differ by 0.001 bits a token; these prompts are fewer.
  assert.ok(Math.abs(bits.int8 - bits.fp32) < 0.05 && bits.int8 !== bits.fp32, JSON.stringify(bits));
});
