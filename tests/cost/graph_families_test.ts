/** This library's own graphs of published families, made small: what they do is what the closed form says. */
import assert from "node:assert/strict";
import { buildInMemory } from "../../lib/arch/build.ts";
import { randomWeights } from "../../lib/arch/random_weights.ts";
import { scale } from "../../lib/arch/scale.ts";
import { zoo } from "../../lib/arch/zoo/zoo.ts";
import { parameterCount } from "../../lib/cost/bytes.ts";
import { specFlops } from "../../lib/cost/flops.ts";
import { requireComplete } from "../../lib/cost/graph_cost.ts";
import { graphPassCost } from "../../lib/cost/graph_generation.ts";

/** Window and local layers, soft-caps, learned positions, biases, parallel blocks, a recurrent state, experts. */
const FAMILIES = [
  "mistral-7b-v0.1",
  "gemma-2-2b",
  "gpt2",
  "phi-2",
  "olmo-2-1b",
  "mamba2-130m",
  "rwkv-6-1.6b",
  "mixtral-8x7b",
];

for (const name of FAMILIES) {
  Deno.test(`${name}, small: its graph's FLOPs are the closed form's`, async () => {
    const spec = scale(zoo(name), { parameters: 500_000, vocabSize: 258 });
    const built = await buildInMemory(spec, spec, "fp32", randomWeights(spec, 0));
    for (const { tokens, past } of [{ tokens: 37, past: 0 }, { tokens: 1, past: 50 }]) {
      const cost = requireComplete(await graphPassCost(built.graph("generate"), { tokens, past }));
      // The experts' weighted sum is a product in the graph: 2 topK hidden a token.
      const sums = spec.layers.map(({ channel }) => (channel.kind === "moe" ? 2 * channel.topK * spec.hiddenSize : 0));
      const weighted = tokens * sums.reduce((a, b) => a + b, 0);
      for (const convention of ["dense", "causal"] as const) {
        const step = specFlops(spec, { promptTokens: past || tokens, newTokens: past ? 2 : 1, convention });
        assert.equal(
          cost.flops[convention] - weighted,
          past ? step.decode : step.prefill,
          `${convention} behind ${past}`,
        );
      }
      assert.equal(cost.layers.length, spec.layers.length);
      // A Mamba layer's skip is stored once a channel instead of once a head.
      if (!name.startsWith("mamba")) assert.equal(cost.parameters, parameterCount(spec));
    }
  });
}
