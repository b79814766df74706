/** BLOOM: ALiBi, and a norm after the embedding. */
import type { AttentionSpec } from "../spec.ts";
import type { HfConfig } from "./config.ts";
import { layersOf } from "./decoder.ts";
import type { HfFamily } from "./family.ts";
import { layerNames } from "./gpt_neox.ts";

/** Where a file does not say it; ALiBi itself has no limit. */
const TRAINED_CONTEXT = 2048;

export const bloom: HfFamily = {
  modelTypes: ["bloom"],
  spec(config) {
    config.only("apply_residual_connection_post_layernorm", false);
    const hiddenSize = sizeOf(config), heads = config.whole("n_head");
    if (hiddenSize % heads !== 0) config.refuse(`n_head ${heads} does not divide hidden_size ${hiddenSize}`);
    return {
      vocabSize: config.whole("vocab_size"),
      hiddenSize,
      contextLength: config.whole("seq_length", TRAINED_CONTEXT),
      layers: layersOf(config, "n_layer", () => ({
        mixer: {
          kind: "attention",
          heads,
          kvHeads: heads,
          headDim: hiddenSize / heads,
          qkvBias: true,
          outputBias: true,
        },
        channel: { kind: "gelu", intermediateSize: 4 * hiddenSize, bias: true },
      })),
      norm: { kind: "layernorm", epsilon: config.number("layer_norm_epsilon", 1e-5) },
      position: { kind: "alibi" },
      tiedHead: config.flag("tie_word_embeddings", true),
      embeddingNorm: true,
    };
  },
  layers: "transformer.h.",
  model: () => ({
    embedding: "transformer.word_embeddings.weight",
    embeddingNorm: "transformer.word_embeddings_layernorm.weight",
    embeddingNormBias: "transformer.word_embeddings_layernorm.bias",
    finalNorm: "transformer.ln_f.weight",
    finalNormBias: "transformer.ln_f.bias",
    head: "lm_head.weight",
  }),
  layer: ({ mixer }, { hiddenSize }) => layerNames("self_attention", mixer as AttentionSpec, hiddenSize),
};

/** Published files say n_embed, later ones hidden_size. */
function sizeOf(config: HfConfig): number {
  return config.whole(config.has("n_embed") ? "n_embed" : "hidden_size");
}
