/** The cost of files that other programs wrote, in ../shared/models. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { graphPassCost } from "../../lib/cost/graph_generation.ts";
import { requireComplete } from "../../lib/cost/graph_cost.ts";
import { attentionPairs } from "../../lib/cost/attention_pairs.ts";
import { sharedFolder } from "../shared.ts";

const models = sharedFolder("models"), limits = sharedFolder("acceptance");

/** [batch, tokens, past] of the columns below. */
const PASSES = [[1, 24, 0], [2, 5, 0], [1, 1, 40], [1, 5, 9]];

/**
 * FLOPs by torch 2.13.0's FlopCounterMode of transformers 5.24.0's eager models made from each folder's config.json.
 * optimum's older transformers computes its rotary angles by a product, headDim of them (2 headDim / 2) a token.
 */
const TORCH: Record<string, { flops: number[]; angles: number; layers: number; pair: number }> = {
  "gpt2-optimum": { flops: [5806080, 2321920, 250624, 1184000], angles: 0, layers: 2, pair: 4 * 4 * 16 },
  "llama-optimum": { flops: [5216256, 2076160, 226048, 1061120], angles: 16, layers: 2, pair: 4 * 4 * 16 },
  "llama-genai-fp32": { flops: [5216256, 2076160, 226048, 1061120], angles: 0, layers: 2, pair: 4 * 4 * 16 },
  "llama-genai-int4": { flops: [5216256, 2076160, 226048, 1061120], angles: 0, layers: 2, pair: 4 * 4 * 16 },
  "qwen3-optimum": { flops: [6100992, 2347520, 271616, 1219840], angles: 32, layers: 2, pair: 4 * 4 * 32 },
};

for (const [name, { flops, angles, layers, pair }] of Object.entries(TORCH)) {
  Deno.test({
    name: `${name}: complete, and its FLOPs are those of torch`,
    ignore: models === null,
    async fn() {
      for (const [i, [batch, tokens, past]] of PASSES.entries()) {
        const cost = await graphPassCost(join(models!, name, "model.onnx"), { batch, tokens, past });
        const dense = flops[i] + angles * batch * tokens;
        assert.equal(requireComplete(cost).flops.dense, dense);
        // The mask hides what is not behind a token: every pair costs 4 headDim in each head and layer.
        const hidden = tokens * (past + tokens) - attentionPairs(tokens, past);
        assert.equal(cost.flops.causal, dense - batch * layers * pair * hidden);
        assert.deepEqual(cost.notes, []);
        assert.equal(cost.layers.length, layers);
        assert.equal(cost.layers[0].flops.dense, cost.layers[1].flops.dense);
        assert.equal(cost.outside.flops.dense, 2 * batch * tokens * 64 * 258 + angles * batch * tokens, "head, angles");
      }
    },
  });
}

Deno.test({
  name: "a model without a cache runs past and new tokens as one sequence",
  ignore: models === null,
  async fn() {
    const path = (name: string) => join(models!, name, "model.onnx");
    const whole = await graphPassCost(path("llama-optimum"), { tokens: 14 });
    const { flops } = await graphPassCost(path("llama-nocache"), { tokens: 5, past: 9 });
    assert.deepEqual(flops.dense, whole.flops.dense);
    assert.deepEqual(flops.causal, whole.flops.causal);
  },
});

Deno.test({
  name: "parameters of the shared models: what the file holds, shared weights once",
  ignore: models === null,
  async fn() {
    const parameters = async (name: string) =>
      (await graphPassCost(join(models!, name, "model.onnx"), { tokens: 2 })).parameters;
    // model.safetensors beside llama-optimum holds 102848; genai's builder shares the tied table too, in int4 as well.
    assert.equal(await parameters("llama-genai-fp32"), 102848);
    assert.equal(await parameters("llama-genai-int4"), 102848);
    // optimum writes the tied head a second time, and one tensor for the five norms of ones.
    assert.equal(await parameters("llama-optimum"), 102848 + 258 * 64 - 4 * 64);
  },
});

Deno.test({
  name: "the limit graphs: 134,479,872 weights, each multiplied and read once",
  ignore: limits === null,
  async fn() {
    const D = 576, weights = 30 * (D * 960 + D * D + 3 * D * 1536) + D * 49152;
    for (
      const [name, bytes] of [["limit_fp32", 4 * weights], ["limit_int4", weights / 2 + weights / 32 * 4]] as const
    ) {
      const cost = requireComplete(await graphPassCost(join(limits!, `${name}.onnx`), { tokens: 1 }));
      assert.equal(cost.flops.dense, 2 * weights);
      assert.equal(cost.parameters, weights);
      assert.equal(cost.bytes.weights, bytes, name);
    }
  },
});
