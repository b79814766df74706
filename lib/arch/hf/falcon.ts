/** Falcon, in the form of its 7B model. */
import type { AttentionSpec } from "../spec.ts";
import { PLAIN_ACTIVATIONS } from "./activations.ts";
import { decoderSpec, headsOf } from "./decoder.ts";
import type { HfFamily } from "./family.ts";
import { ROTARY_TABLES } from "./llama.ts";
import { sliceRows, tensor } from "./recipe.ts";
import { ropeOf } from "./rope.ts";

/** Parallel blocks that share one LayerNorm, one head of keys and values, no biases. */
export const falcon: HfFamily = {
  modelTypes: ["falcon"],
  spec(config) {
    config.only("alibi", false);
    config.only("bias", false);
    config.only("multi_query", true);
    config.only("new_decoder_architecture", false);
    config.only("parallel_attn", true);
    const { heads, headDim } = headsOf(config);
    const kind = config.choice("activation", PLAIN_ACTIVATIONS, "gelu");
    const intermediateSize = config.whole("ffn_hidden_size", 4 * config.whole("hidden_size"));
    return {
      ...decoderSpec(config, {
        tiedHead: true,
        layer: () => ({
          mixer: { kind: "attention", heads, kvHeads: 1, headDim },
          channel: { kind, intermediateSize },
          placement: "parallel_shared",
        }),
      }),
      ...ropeOf(config, headDim, { contextLength: 2048 }),
      norm: { kind: "layernorm", epsilon: config.number("layer_norm_epsilon", 1e-5) },
    };
  },
  layers: "transformer.h.",
  model: () => ({
    embedding: "transformer.word_embeddings.weight",
    finalNorm: "transformer.ln_f.weight",
    finalNormBias: "transformer.ln_f.bias",
    head: "lm_head.weight",
  }),
  layer({ mixer }, { hiddenSize }) {
    const { heads, headDim } = mixer as AttentionSpec, queries = heads * headDim;
    const qkv = tensor("self_attention.query_key_value.weight", queries + 2 * headDim, hiddenSize);
    return {
      mixerNorm: "input_layernorm.weight",
      mixerNormBias: "input_layernorm.bias",
      q: sliceRows(qkv, 0, queries),
      k: sliceRows(qkv, queries, headDim),
      v: sliceRows(qkv, queries + headDim, headDim),
      o: "self_attention.dense.weight",
      up: "mlp.dense_h_to_4h.weight",
      down: "mlp.dense_4h_to_h.weight",
    };
  },
  unused: ROTARY_TABLES,
};
