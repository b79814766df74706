/** Llama and its nearest kin: Mistral, Qwen 2 and 3, OLMo 2, SmolLM3. */
import type { ArchSpec, AttentionSpec, LayerSpec } from "../spec.ts";
import { GATES, type SILU } from "./activations.ts";
import type { HfConfig } from "./config.ts";
import { decoderSpec, type HeadDefaults, headsOf, isWindowed } from "./decoder.ts";
import type { HfFamily, Recipes } from "./family.ts";
import { type RopeDefaults, ropeOf } from "./rope.ts";

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

const BIASES = { qkvBias: true, outputBias: true };

export const llama: HfFamily = {
  modelTypes: ["llama"],
  spec(config) {
    config.only("mlp_bias", false);
    const biased = config.flag("attention_bias", false);
    return plainSpec(config, () => biased ? BIASES : {}, { contextLength: 2048 });
  },
  layers: "model.layers.",
  model: () => LLAMA_MODEL,
  layer: () => LLAMA_LAYER,
  unused: ROTARY_TABLES,
};

export const mistral: HfFamily = {
  ...llama,
  modelTypes: ["mistral"],
  spec: (config) => plainSpec(config, () => windowOf(config, true, 4096), { kvHeads: 8, contextLength: 131_072 }),
};

export const qwen2: HfFamily = {
  ...llama,
  modelTypes: ["qwen2"],
  spec: (config) =>
    plainSpec(
      config,
      (i) => ({ qkvBias: true, ...qwenWindow(config, i, isLate(config, i)) }),
      { kvHeads: 32, contextLength: 32_768 },
    ),
};

export const qwen3: HfFamily = {
  ...llama,
  modelTypes: ["qwen3"],
  spec: (config) =>
    plainSpec(
      config,
      (i) => ({ ...qwen3Attention(config), ...qwenWindow(config, i, isLate(config, i)) }),
      { kvHeads: 32, headDim: 128, contextLength: 32_768 },
    ),
};

export function qwen3Attention(config: HfConfig): Partial<AttentionSpec> {
  return { qkNorm: "head", ...(config.flag("attention_bias", false) ? BIASES : {}) };
}

export const olmo2: HfFamily = {
  ...llama,
  modelTypes: ["olmo2"],
  spec(config) {
    const attention = { qkNorm: "full" as const, ...(config.flag("attention_bias", false) ? BIASES : {}) };
    const spec = plainSpec(config, () => attention, { epsilon: 1e-5, contextLength: 2048 });
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
    const attention = (i: number): Partial<AttentionSpec> => ({
      ...(isRotary(i) ? {} : { position: { kind: "none" } }),
      ...qwenWindow(config, i, !isRotary(i), null),
    });
    return plainSpec(config, attention, { kvHeads: 4, theta: 2e6, contextLength: 32_768, tiedHead: true });
  },
};

/** What a family takes for fields that a configuration leaves out. */
export interface PlainDefaults extends HeadDefaults, RopeDefaults {
  /** Of the norms. Default 1e-6. */
  epsilon?: number;
  tiedHead?: boolean;
  /** Activations that it builds. Default: of all gated MLPs. */
  gates?: typeof GATES | typeof SILU;
}

/** Pre-norm RMSNorm, rotary attention and a gated MLP, with what a family adds to a layer's attention. */
export function plainSpec(
  config: HfConfig,
  attention: (index: number) => Partial<AttentionSpec>,
  { epsilon = 1e-6, tiedHead = false, gates = GATES, ...usual }: PlainDefaults,
): Omit<ArchSpec, "name" | "family"> {
  const heads = headsOf(config, usual), intermediateSize = config.whole("intermediate_size");
  const kind = config.choice<"swiglu" | "geglu">("hidden_act", gates, "silu");
  const layer = (index: number): LayerSpec => ({
    mixer: { kind: "attention", ...heads, ...attention(index) },
    channel: { kind, intermediateSize },
  });
  return {
    ...decoderSpec(config, { tiedHead, layer }),
    ...ropeOf(config, heads.headDim, usual),
    norm: { kind: "rmsnorm", epsilon: config.number("rms_norm_eps", epsilon) },
  };
}

/**
 * The window of a layer that has one.
 *
 * @param usual What transformers takes where the configuration says nothing; where it says null, there is none.
 */
export function windowOf(config: HfConfig, windowed: boolean, usual: number | null = null): { window?: number } {
  const window = windowed ? config.wholeOrNone("sliding_window", usual) : null;
  return window === null ? {} : { window };
}

/**
 * Qwen's windows count only where `use_sliding_window` says so.
 *
 * @param otherwise Whether the layer has one where `layer_types` does not say.
 */
export function qwenWindow(
  config: HfConfig,
  index: number,
  otherwise: boolean,
  usual: number | null = 4096,
): { window?: number } {
  if (!config.flag("use_sliding_window", false)) return {};
  return windowOf(config, isWindowed(config, index, otherwise), usual);
}

function isLate(config: HfConfig, index: number): boolean {
  return index >= config.number("max_window_layers", 28);
}
