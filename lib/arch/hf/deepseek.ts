/** DeepSeek-V2: latent attention, and mixtures with shared experts. */
import type { ChannelSpec, MlaSpec, MoeSpec } from "../spec.ts";
import { SILU } from "./activations.ts";
import type { HfConfig } from "./config.ts";
import { decoderSpec } from "./decoder.ts";
import { expertRecipes } from "./experts.ts";
import type { HfFamily, Recipes } from "./family.ts";
import { LLAMA_LAYER, LLAMA_MODEL, ROTARY_TABLES } from "./llama.ts";
import { pickRows, type Recipe, tensor } from "./recipe.ts";
import { ropeFields, ropeOf } from "./rope.ts";

export const deepseekV2: HfFamily = {
  modelTypes: ["deepseek_v2"],
  spec(config) {
    for (const bias of ["attention_bias", "mlp_bias"]) config.only(bias, false);
    config.choice("hidden_act", SILU, "silu");
    config.only("rms_norm_eps", 1e-6); // the latents' norms have this one whatever the field says
    const mixer = mixerOf(config);
    return {
      ...decoderSpec(config, { tiedHead: false, layer: (i) => ({ mixer, channel: channelOf(config, i) }) }),
      ...ropeOf(config, mixer.ropeDim, { contextLength: 2048 }),
      norm: { kind: "rmsnorm", epsilon: 1e-6 },
    };
  },
  layers: "model.layers.",
  model: () => LLAMA_MODEL,
  layer: ({ mixer, channel }, { hiddenSize }) => ({
    ...LLAMA_LAYER,
    ...attentionRecipes(mixer as MlaSpec, hiddenSize),
    ...(channel.kind === "moe" ? mixtureRecipes(channel, hiddenSize) : {}),
  }),
  unused: ROTARY_TABLES,
};

function mixerOf(config: HfConfig): MlaSpec {
  const nopeDim = config.whole("qk_nope_head_dim"), ropeDim = config.whole("qk_rope_head_dim");
  const scale = scaleOf(config, nopeDim + ropeDim), queryRank = config.wholeOrNone("q_lora_rank", 1536);
  return {
    kind: "mla",
    heads: config.whole("num_attention_heads"),
    ...(queryRank === null ? {} : { queryRank }),
    kvRank: config.whole("kv_lora_rank"),
    nopeDim,
    ropeDim,
    valueDim: config.whole("v_head_dim"),
    ...(scale === undefined ? {} : { scale }),
  };
}

/** With YaRN scores are multiplied by (0.1 mscale_all_dim ln(factor) + 1)^2 as well (DeepSeek's `yarn_get_mscale`). */
function scaleOf(config: HfConfig, headDim: number): number | undefined {
  const rope = ropeFields(config);
  const all = rope?.number("mscale_all_dim", 0) ?? 0, factor = rope?.number("factor", 1) ?? 1;
  if (all === 0 || factor <= 1) return undefined;
  return headDim ** -0.5 * (0.1 * all * Math.log(factor) + 1) ** 2;
}

/** The first layers have a plain MLP. */
function channelOf(config: HfConfig, index: number): ChannelSpec {
  config.only("moe_layer_freq", 1);
  if (index < config.number("first_k_dense_replace", 0)) {
    return { kind: "swiglu", intermediateSize: config.whole("intermediate_size") };
  }
  config.only("norm_topk_prob", false);
  config.only("scoring_func", "softmax");
  const intermediateSize = config.whole("moe_intermediate_size"), scale = config.number("routed_scaling_factor", 1);
  const isGrouped = config.choice("topk_method", { greedy: false, group_limited_greedy: true }, "greedy");
  const shared = config.wholeOrNone("n_shared_experts", 2);
  return {
    kind: "moe",
    experts: config.whole("n_routed_experts"),
    topK: config.whole("num_experts_per_tok"),
    intermediateSize,
    normalise: false,
    ...(shared === null ? {} : { shared: { intermediateSize: shared * intermediateSize } }),
    ...(scale === 1 ? {} : { routedScale: scale }),
    ...(isGrouped ? { groups: { count: config.whole("n_group"), topK: config.whole("topk_group") } } : {}),
  };
}

function attentionRecipes(mixer: MlaSpec, hiddenSize: number): Recipes {
  const { heads, queryRank, kvRank, nopeDim, ropeDim } = mixer, headDim = nopeDim + ropeDim;
  const queries = (name: string, inputs: number) =>
    halved(tensor(name, heads * headDim, inputs), (row) => row % headDim - nopeDim, ropeDim);
  return {
    ...(queryRank === undefined ? { q: queries("self_attn.q_proj.weight", hiddenSize) } : {
      qDown: "self_attn.q_a_proj.weight",
      qDownNorm: "self_attn.q_a_layernorm.weight",
      qUp: queries("self_attn.q_b_proj.weight", queryRank),
    }),
    kvDown: halved(
      tensor("self_attn.kv_a_proj_with_mqa.weight", kvRank + ropeDim, hiddenSize),
      (row) => row - kvRank,
      ropeDim,
    ),
    kvNorm: "self_attn.kv_a_layernorm.weight",
    kvUp: "self_attn.kv_b_proj.weight",
  };
}

/**
 * Rows whose rotary pairs are neighbours, put so that they are halves: the products of queries and keys stay.
 *
 * @param at Where a row stands in its head's rotated part; below 0 for those that stay.
 */
function halved(recipe: Recipe, at: (row: number) => number, dims: number): Recipe {
  const half = dims / 2;
  return pickRows(
    recipe,
    Array.from({ length: recipe.rows }, (_, row) => {
      const i = at(row);
      return i < 0 ? row : row - i + (i < half ? 2 * i : 2 * (i - half) + 1);
    }),
  );
}

function mixtureRecipes(mixture: MoeSpec, hiddenSize: number): Recipes {
  return {
    router: "mlp.gate.weight",
    ...expertRecipes(mixture, hiddenSize, "mlp.experts."),
    "shared.gate": "mlp.shared_experts.gate_proj.weight",
    "shared.up": "mlp.shared_experts.up_proj.weight",
    "shared.down": "mlp.shared_experts.down_proj.weight",
  };
}
