/** Nemotron. */
import { PLAIN_ACTIVATIONS } from "./activations.ts";
import { decoderSpec, headsOf } from "./decoder.ts";
import type { HfFamily } from "./family.ts";
import { LLAMA_LAYER, LLAMA_MODEL, ROTARY_TABLES } from "./llama.ts";
import { onePlus, tensor } from "./recipe.ts";
import { ropeOf } from "./rope.ts";

/** Llama's names with LayerNorms that are stored as what they differ from 1, and squared ReLU. */
export const nemotron: HfFamily = {
  modelTypes: ["nemotron"],
  spec(config) {
    config.only("mlp_bias", false);
    config.only("attention_bias", false);
    const heads = headsOf(config), intermediateSize = config.whole("intermediate_size");
    const kind = config.choice("hidden_act", PLAIN_ACTIVATIONS, "relu2");
    return {
      ...decoderSpec(config, {
        tiedHead: false,
        layer: () => ({ mixer: { kind: "attention", ...heads }, channel: { kind, intermediateSize } }),
      }),
      ...ropeOf(config, heads.headDim, { part: 0.5, contextLength: 4096 }),
      norm: { kind: "layernorm", epsilon: config.number("norm_eps", 1e-5) },
    };
  },
  layers: "model.layers.",
  model: ({ hiddenSize }) => ({
    ...LLAMA_MODEL,
    finalNorm: onePlus(tensor("model.norm.weight", hiddenSize)),
    finalNormBias: "model.norm.bias",
  }),
  layer: (_, { hiddenSize }) => ({
    ...LLAMA_LAYER,
    mixerNorm: onePlus(tensor("input_layernorm.weight", hiddenSize)),
    mixerNormBias: "input_layernorm.bias",
    channelNorm: onePlus(tensor("post_attention_layernorm.weight", hiddenSize)),
    channelNormBias: "post_attention_layernorm.bias",
  }),
  unused: ROTARY_TABLES,
};
