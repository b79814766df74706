/** GPT-2. */
import { PLAIN_ACTIVATIONS } from "./activations.ts";
import { layersOf } from "./decoder.ts";
import type { HfFamily } from "./family.ts";
import { sliceRows, tensor, transposed } from "./recipe.ts";

/** Learned positions; matrices are stored [inputs, outputs]. */
export const gpt2: HfFamily = {
  modelTypes: ["gpt2"],
  spec(config) {
    config.only("scale_attn_weights", true);
    config.only("scale_attn_by_inverse_layer_idx", false);
    config.only("add_cross_attention", false);
    const hiddenSize = config.whole("n_embd"), heads = config.whole("n_head");
    if (hiddenSize % heads !== 0) config.refuse(`n_head ${heads} does not divide n_embd ${hiddenSize}`);
    const kind = config.choice("activation_function", PLAIN_ACTIVATIONS, "gelu_new");
    const intermediateSize = config.whole("n_inner", 4 * hiddenSize);
    return {
      vocabSize: config.whole("vocab_size"),
      hiddenSize,
      contextLength: config.whole("n_positions", 1024),
      layers: layersOf(config, "n_layer", () => ({
        mixer: {
          kind: "attention",
          heads,
          kvHeads: heads,
          headDim: hiddenSize / heads,
          qkvBias: true,
          outputBias: true,
        },
        channel: { kind, intermediateSize, bias: true },
      })),
      norm: { kind: "layernorm", epsilon: config.number("layer_norm_epsilon", 1e-5) },
      position: { kind: "learned" },
      tiedHead: config.flag("tie_word_embeddings", true),
    };
  },
  layers: "transformer.h.",
  model: () => ({
    embedding: "transformer.wte.weight",
    positions: "transformer.wpe.weight",
    finalNorm: "transformer.ln_f.weight",
    finalNormBias: "transformer.ln_f.bias",
    head: "lm_head.weight",
  }),
  layer({ channel }, { hiddenSize: D }) {
    const F = (channel as { intermediateSize: number }).intermediateSize;
    const qkv = transposed(tensor("attn.c_attn.weight", D, 3 * D)), qkvBias = tensor("attn.c_attn.bias", 3 * D);
    return {
      mixerNorm: "ln_1.weight",
      mixerNormBias: "ln_1.bias",
      q: sliceRows(qkv, 0, D),
      k: sliceRows(qkv, D, D),
      v: sliceRows(qkv, 2 * D, D),
      qBias: sliceRows(qkvBias, 0, D),
      kBias: sliceRows(qkvBias, D, D),
      vBias: sliceRows(qkvBias, 2 * D, D),
      o: transposed(tensor("attn.c_proj.weight", D, D)),
      oBias: "attn.c_proj.bias",
      channelNorm: "ln_2.weight",
      channelNormBias: "ln_2.bias",
      up: transposed(tensor("mlp.c_fc.weight", D, F)),
      upBias: "mlp.c_fc.bias",
      down: transposed(tensor("mlp.c_proj.weight", F, D)),
      downBias: "mlp.c_proj.bias",
    };
  },
  unused: /\.attn\.(masked_)?bias$/,
};
