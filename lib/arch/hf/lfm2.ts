/** LFM2: gated short convolutions, with attention in some layers. */
import type { LayerSpec, MixerSpec } from "../spec.ts";
import type { HfConfig } from "./config.ts";
import { decoderSpec, headsOf } from "./decoder.ts";
import type { HfFamily } from "./family.ts";
import { LLAMA_MODEL, ROTARY_TABLES } from "./llama.ts";
import { tensor } from "./recipe.ts";
import { ropeOf } from "./rope.ts";

export const lfm2: HfFamily = {
  modelTypes: ["lfm2"],
  spec(config) {
    config.only("conv_bias", false);
    const heads = headsOf(config, { kvHeads: 8 });
    const kernel = config.whole("conv_L_cache", 3), intermediateSize = widthOf(config);
    const layer = (index: number): LayerSpec => {
      const mixer: MixerSpec = isFull(config, index)
        ? { kind: "attention", ...heads, qkNorm: "head" }
        : { kind: "convolution", kernel };
      return { mixer, channel: { kind: "swiglu", intermediateSize } };
    };
    return {
      ...decoderSpec(config, { tiedHead: true, layer }),
      tiedHead: config.flag("tie_embedding", config.flag("tie_word_embeddings", true)),
      ...ropeOf(config, heads.headDim, { theta: 1e6, contextLength: 128_000 }),
      norm: { kind: "rmsnorm", epsilon: config.number("norm_eps", 1e-5) },
    };
  },
  layers: "model.layers.",
  model: () => ({ ...LLAMA_MODEL, finalNorm: "model.embedding_norm.weight" }),
  layer: ({ mixer }, { hiddenSize }) => ({
    mixerNorm: "operator_norm.weight",
    channelNorm: "ffn_norm.weight",
    ...(mixer.kind === "convolution"
      ? {
        in: "conv.in_proj.weight",
        convolution: tensor("conv.conv.weight", hiddenSize, 1, mixer.kernel),
        o: "conv.out_proj.weight",
      }
      : {
        q: "self_attn.q_proj.weight",
        k: "self_attn.k_proj.weight",
        v: "self_attn.v_proj.weight",
        qNorm: "self_attn.q_layernorm.weight",
        kNorm: "self_attn.k_layernorm.weight",
        o: "self_attn.out_proj.weight",
      }),
    gate: "feed_forward.w1.weight",
    up: "feed_forward.w3.weight",
    down: "feed_forward.w2.weight",
  }),
  unused: ROTARY_TABLES,
};

/** Whether a layer has attention: by `layer_types`, or the older list of indexes. */
function isFull(config: HfConfig, index: number): boolean {
  const type = config.list("layer_types")?.[index];
  if (type === undefined) return config.list("full_attn_idxs")?.includes(index) ?? true;
  if (type === "full_attention" || type === "conv") return type === "full_attention";
  return config.refuse(`layer_types[${index}] is ${JSON.stringify(type)}; this family has conv, full_attention`);
}

/** The MLP's width: two thirds of the given one, times a factor, rounded up to a multiple (`Lfm2MLP` of transformers). */
function widthOf(config: HfConfig): number {
  const given = config.whole(config.has("block_ff_dim") ? "block_ff_dim" : "intermediate_size");
  if (!config.flag("block_auto_adjust_ff_dim", true)) return given;
  const width = Math.trunc(config.number("block_ffn_dim_multiplier", 1) * Math.trunc(2 * given / 3));
  const multiple = config.whole("block_multiple_of", 256);
  return multiple * Math.ceil(width / multiple);
}
