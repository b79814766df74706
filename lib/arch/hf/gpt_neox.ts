/** GPT-NeoX and Pythia. */
import type { AttentionSpec } from "../spec.ts";
import { PLAIN_ACTIVATIONS } from "./activations.ts";
import { decoderSpec, headsOf } from "./decoder.ts";
import type { HfFamily } from "./family.ts";
import { pickRows, type Recipe, tensor } from "./recipe.ts";
import { ropeOf } from "./rope.ts";

/** Parallel blocks with a norm for each part; q, k and v lie interleaved by head. */
export const gptNeox: HfFamily = {
  modelTypes: ["gpt_neox"],
  spec(config) {
    const heads = headsOf(config), intermediateSize = config.whole("intermediate_size");
    const kind = config.choice("hidden_act", PLAIN_ACTIVATIONS, "gelu");
    const biased = config.flag("attention_bias", true);
    const placement = config.flag("use_parallel_residual", true) ? "parallel" : "pre";
    return {
      ...decoderSpec(config, {
        tiedHead: false,
        layer: () => ({
          mixer: { kind: "attention", ...heads, qkvBias: biased, outputBias: biased },
          channel: { kind, intermediateSize, bias: true },
          placement,
        }),
      }),
      ...ropeOf(config, heads.headDim, {
        theta: config.number("rotary_emb_base", 10000),
        part: 0.25,
        partKey: "rotary_pct",
        contextLength: 2048,
      }),
      norm: { kind: "layernorm", epsilon: config.number("layer_norm_eps", 1e-5) },
    };
  },
  layers: "gpt_neox.layers.",
  model: () => ({
    embedding: "gpt_neox.embed_in.weight",
    finalNorm: "gpt_neox.final_layer_norm.weight",
    finalNormBias: "gpt_neox.final_layer_norm.bias",
    head: "embed_out.weight",
  }),
  layer: ({ mixer }, { hiddenSize }) => layerNames("attention", mixer as AttentionSpec, hiddenSize),
  unused: /\.attention\.(bias|masked_bias|rotary_emb\.inv_freq)$/,
};

/** A layer's tensors as GPT-NeoX and BLOOM name them, `attention` being what the mixer is called. */
export function layerNames(attention: string, { heads, headDim }: AttentionSpec, hiddenSize: number) {
  const rows = 3 * heads * headDim;
  const qkv = tensor(`${attention}.query_key_value.weight`, rows, hiddenSize);
  const qkvBias = tensor(`${attention}.query_key_value.bias`, rows);
  const part = (recipe: Recipe, which: 0 | 1 | 2) => partOfHeads(recipe, heads, headDim, which);
  return {
    mixerNorm: "input_layernorm.weight",
    mixerNormBias: "input_layernorm.bias",
    q: part(qkv, 0),
    k: part(qkv, 1),
    v: part(qkv, 2),
    qBias: part(qkvBias, 0),
    kBias: part(qkvBias, 1),
    vBias: part(qkvBias, 2),
    o: `${attention}.dense.weight`,
    oBias: `${attention}.dense.bias`,
    channelNorm: "post_attention_layernorm.weight",
    channelNormBias: "post_attention_layernorm.bias",
    up: "mlp.dense_h_to_4h.weight",
    upBias: "mlp.dense_h_to_4h.bias",
    down: "mlp.dense_4h_to_h.weight",
    downBias: "mlp.dense_4h_to_h.bias",
  };
}

/** q (0), k (1) or v (2) of all heads, where the three of a head stand beside one another. */
function partOfHeads(recipe: Recipe, heads: number, headDim: number, which: 0 | 1 | 2): Recipe {
  const rows = Array.from({ length: heads * headDim }, (_, i) => {
    const head = Math.floor(i / headDim);
    return (3 * head + which) * headDim + i % headDim;
  });
  return pickRows(recipe, rows);
}
