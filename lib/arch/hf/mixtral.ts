/** Mixtral and OLMoE: every layer's MLP is a mixture. */
import type { MoeSpec } from "../spec.ts";
import { SILU } from "./activations.ts";
import { expertRecipes, expertsOf, withMixtures } from "./experts.ts";
import type { HfFamily } from "./family.ts";
import { llama, LLAMA_LAYER, plainSpec, windowOf } from "./llama.ts";

export const mixtral: HfFamily = {
  ...llama,
  modelTypes: ["mixtral"],
  spec(config) {
    const intermediateSize = config.whole("intermediate_size");
    const mixture: MoeSpec = { ...expertsOf(config, 2), intermediateSize, normalise: true };
    const usual = { epsilon: 1e-5, kvHeads: 8, contextLength: 131_072, gates: SILU };
    return withMixtures(plainSpec(config, () => windowOf(config, true), usual), () => mixture);
  },
  layer: ({ channel }, { hiddenSize }) => ({
    ...LLAMA_LAYER,
    router: "block_sparse_moe.gate.weight",
    ...expertRecipes(channel as MoeSpec, hiddenSize, "block_sparse_moe.experts.", { gate: "w1", up: "w3", down: "w2" }),
  }),
};

export const olmoe: HfFamily = {
  ...llama,
  modelTypes: ["olmoe"],
  spec(config) {
    config.only("clip_qkv", null);
    config.only("attention_bias", false);
    const intermediateSize = config.whole("intermediate_size"), normalise = config.flag("norm_topk_prob", false);
    const mixture: MoeSpec = { ...expertsOf(config, 8), intermediateSize, normalise };
    const usual = { epsilon: 1e-5, contextLength: 4096, gates: SILU };
    return withMixtures(plainSpec(config, () => ({ qkNorm: "full" }), usual), () => mixture);
  },
  layer: ({ channel }, { hiddenSize }) => ({
    ...LLAMA_LAYER,
    router: "mlp.gate.weight",
    ...expertRecipes(channel as MoeSpec, hiddenSize, "mlp.experts."),
  }),
};
