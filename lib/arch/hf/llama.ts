/** Llama and its nearest kin: Mistral, Qwen 2 and 3, OLMo 2, SmolLM3. */
import type { ArchSpec, AttentionSpec, LayerSpec } from "../spec.ts";
import type { HfConfig } from "./config.ts";
import { decoderSpec, headsOf, isWindowed } from "./decoder.ts";
import type { HfFamily, Recipes } from "./family.ts";
import { ropeOf } from "./rope.ts";

export const LLAMA_MODEL: Recipes = {
  embedding: "model.embed_tokens.weight",
  finalNorm: "model.norm.weight",
  head: "lm_head.weight",
};

export const LLAMA_LAYER: Recipes = {
  mixerNorm: "input_layernorm.weight",
  channelNorm: "post_attention_layernorm.weight",
  q: "self_attn.q_proj.weight",
  k: "self_attn.k_proj.weight",
  v: "self_attn.v_proj.weight",
  o: "self_attn.o_proj.weight",
  qBias: "self_attn.q_proj.bias",
  kBias: "self_attn.k_proj.bias",
  vBias: "self_attn.v_proj.bias",
  oBias: "self_attn.o_proj.bias",
  qNorm: "self_attn.q_norm.weight",
  kNorm: "self_attn.k_norm.weight",
  gate: "mlp.gate_proj.weight",
  up: "mlp.up_proj.weight",
  down: "mlp.down_proj.weight",
};

/** Older files hold the rotary frequencies, which follow from the configuration. */
export const ROTARY_TABLES = /\.rotary_emb\.inv_freq$/;

export const llama: HfFamily = {
  modelTypes: ["llama"],
  spec(config) {
    config.only("mlp_bias", false);
    const biased = config.flag("attention_bias", false);
    return plainSpec(config, 1e-6, () => biased ? { qkvBias: true, outputBias: true } : {});
  },
  layers: "model.layers.",
  model: () => LLAMA_MODEL,
  layer: () => LLAMA_LAYER,
  unused: ROTARY_TABLES,
};

export const mistral: HfFamily = {
  ...llama,
  modelTypes: ["mistral"],
  spec: (config) => plainSpec(config, 1e-6, () => windowOf(config, true)),
};

export const qwen2: HfFamily = {
  ...llama,
  modelTypes: ["qwen2"],
  spec: (config) => plainSpec(config, 1e-6, (i) => ({ qkvBias: true, ...qwenWindow(config, i) })),
};

export const qwen3: HfFamily = {
  ...llama,
  modelTypes: ["qwen3"],
  spec(config) {
    const biased = config.flag("attention_bias", false);
    return plainSpec(config, 1e-6, (i) => ({
      qkNorm: "head",
      ...(biased ? { qkvBias: true, outputBias: true } : {}),
      ...qwenWindow(config, i),
    }));
  },
};

export const olmo2: HfFamily = {
  ...llama,
  modelTypes: ["olmo2"],
  spec(config) {
    const biased = config.flag("attention_bias", false);
    const spec = plainSpec(
      config,
      1e-5,
      () => ({ qkNorm: "full", ...(biased ? { qkvBias: true, outputBias: true } : {}) }),
    );
    return { ...spec, layers: spec.layers.map((layer): LayerSpec => ({ ...layer, placement: "post" })) };
  },
  layer: () => ({
    ...LLAMA_LAYER,
    mixerPostNorm: "post_attention_layernorm.weight",
    channelPostNorm: "post_feedforward_layernorm.weight",
  }),
};

export const smollm3: HfFamily = {
  ...llama,
  modelTypes: ["smollm3"],
  spec(config) {
    config.only("mlp_bias", false);
    config.only("attention_bias", false);
    const without = config.list("no_rope_layers"), interval = config.whole("no_rope_layer_interval", 4);
    /** The list holds 1 where a layer has rotary positions. */
    const isRotary = (i: number) => without ? without[i] === 1 : (i + 1) % interval !== 0;
    return plainSpec(config, 1e-6, (i) => ({
      ...(isRotary(i) ? {} : { position: { kind: "none" } }),
      ...qwenWindow(config, i),
    }), { theta: 2e6, tiedHead: true });
  },
};

/** Pre-norm RMSNorm, rotary attention and SwiGLU, with what a family adds to a layer's attention. */
export function plainSpec(
  config: HfConfig,
  epsilon: number,
  attention: (index: number) => Partial<AttentionSpec>,
  { theta, tiedHead = false }: { theta?: number; tiedHead?: boolean } = {},
): Omit<ArchSpec, "name" | "family"> {
  config.only("hidden_act", "silu");
  const heads = headsOf(config), intermediateSize = config.whole("intermediate_size");
  const layer = (index: number): LayerSpec => ({
    mixer: { kind: "attention", ...heads, ...attention(index) },
    channel: { kind: "swiglu", intermediateSize },
  });
  return {
    ...decoderSpec(config, { tiedHead, layer }),
    ...ropeOf(config, heads.headDim, { theta }),
    norm: { kind: "rmsnorm", epsilon: config.number("rms_norm_eps", epsilon) },
  };
}

/** The window of a layer that has one. */
export function windowOf(config: HfConfig, windowed: boolean): { window?: number } {
  return windowed && config.has("sliding_window") ? { window: config.whole("sliding_window") } : {};
}

/** Qwen's windows count only where `use_sliding_window` says so, from layer `max_window_layers` on. */
function qwenWindow(config: HfConfig, index: number): { window?: number } {
  const last = config.flag("use_sliding_window", false) && index >= config.whole("max_window_layers", 28);
  return windowOf(config, isWindowed(config, index, last));
}
