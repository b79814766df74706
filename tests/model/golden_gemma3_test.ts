import assert from "node:assert/strict";
import { openModel } from "../../lib/model/open_model.ts";
import generation from "../golden/generation_gemma3.json" with { type: "json" };
import { assertGolden } from "./golden_generation.ts";

/** Reference: transformers in float32 (ids with BOS, greedy ids, log-probabilities); see the golden file. */
Deno.test("Gemma 3 270M at fp32: ids, greedy ids and log-probabilities of transformers", async (t) => {
  const model = await openModel("gemma3-270m", { precision: "fp32" });
  try {
    for (const golden of generation.cases) {
      await t.step(`continues ${JSON.stringify(golden.prompt)}`, async () => {
        const [bos, ...ids] = golden.ids; // which the model's own prompts start with, and `encode` leaves to its caller
        assert.equal(bos, model.tokenizer.bosId);
        assert.deepEqual(await model.tokenizer.encode(golden.prompt), ids);
        await assertGolden(model, golden);
      });
    }
    await t.step("is named for what it is", () => {
      assert.equal(model.info.parameters, 268_098_176); // the published count, tied head once
      assert.equal(model.info.contextLength, 32_768);
      assert.equal(model.info.precisionLabel, "fp32 (from Q4_K_M, 7.4 bits a weight)");
    });
  } finally {
    await model.close();
  }
});

Deno.test("Gemma 3 270M from its stored numbers stays near fp32", async () => {
  const model = await openModel("gemma3-270m", { precision: "stored", graphs: [] });
  try {
    const prompts = generation.cases.map(({ ids }) => ({ contextIds: ids.slice(0, 1), continuationIds: ids.slice(1) }));
    const scored = await model.score(prompts), tokens = scored.reduce((sum, result) => sum + result.tokens, 0);
    const loss = generation.cases.reduce((sum, { prompt_logprob_sum }, i) =>
      sum + prompt_logprob_sum - scored[i].logLikelihood, 0) / tokens;
    // Its blocks are the file's own, so that the activations' rounding is left: KL is 0.002 nats a token (bench:forms).
    assert.ok(Math.abs(loss) < 0.05 && loss !== 0, `${loss} nats a token`);
    assert.equal(
      model.info.precisionLabel,
      "stored (Q4_K_M, 7.4 bits a weight, as int8 blocks + int4 blocks, weight error 0)",
    );
  } finally {
    await model.close();
  }
});
