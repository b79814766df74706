/** Gemma 1, 2 and 3 (text): scaled embeddings, norms stored as what they differ from 1, GELU gates. */
import type { ArchSpec, AttentionSpec, LayerSpec } from "../spec.ts";
import type { HfConfig } from "./config.ts";
import { decoderSpec, headsOf, isWindowed } from "./decoder.ts";
import type { HfFamily } from "./family.ts";
import { LLAMA_LAYER, LLAMA_MODEL, ROTARY_TABLES, windowOf } from "./llama.ts";
import { onePlus, tensor } from "./recipe.ts";
import { ropeOf } from "./rope.ts";

/** Files of Gemma 1 say "gelu" and mean its tanh form. */
const GATES = { gelu_pytorch_tanh: "geglu", gelu: "geglu" } as const;

export const gemma: HfFamily = {
  modelTypes: ["gemma"],
  spec: (config) => ({ ...gemmaSpec(config, {}, () => ({})), ...ropeOf(config, headsOf(config).headDim) }),
  layers: "model.layers.",
  model: ({ hiddenSize }) => ({ ...LLAMA_MODEL, finalNorm: onePlus(tensor("model.norm.weight", hiddenSize)) }),
  layer: (_, { hiddenSize }) => ({
    ...LLAMA_LAYER,
    mixerNorm: onePlus(tensor("input_layernorm.weight", hiddenSize)),
    channelNorm: onePlus(tensor("post_attention_layernorm.weight", hiddenSize)),
  }),
  unused: ROTARY_TABLES,
};

export const gemma2: HfFamily = {
  ...gemma,
  modelTypes: ["gemma2"],
  spec: (config) => ({
    ...gemmaSpec(config, { placement: "sandwich" }, (i) => ({
      ...scaleOf(config),
      ...(config.has("attn_logit_softcapping") ? { softcap: config.number("attn_logit_softcapping") } : {}),
      ...windowOf(config, isWindowed(config, i, i % 2 === 0)),
    })),
    ...ropeOf(config, headsOf(config).headDim),
  }),
  layer: ({ mixer }, { hiddenSize }) => ({
    ...LLAMA_LAYER,
    mixerNorm: onePlus(tensor("input_layernorm.weight", hiddenSize)),
    mixerPostNorm: onePlus(tensor("post_attention_layernorm.weight", hiddenSize)),
    channelNorm: onePlus(tensor("pre_feedforward_layernorm.weight", hiddenSize)),
    channelPostNorm: onePlus(tensor("post_feedforward_layernorm.weight", hiddenSize)),
    qNorm: onePlus(tensor("self_attn.q_norm.weight", (mixer as AttentionSpec).headDim)),
    kNorm: onePlus(tensor("self_attn.k_norm.weight", (mixer as AttentionSpec).headDim)),
  }),
};

/** Windowed layers have rotary positions of their own; only the others' are scaled. */
export const gemma3: HfFamily = {
  ...gemma2,
  modelTypes: ["gemma3_text"],
  spec(config) {
    const { headDim } = headsOf(config), parts = config.inner("rope_parameters");
    const global = ropeOf(config, headDim, { theta: 1e6, given: parts?.inner("full_attention") });
    const local = parts
      ? ropeOf(config, headDim, { given: parts.inner("sliding_attention") }).position
      : { kind: "rope" as const, theta: config.number("rope_local_base_freq", 10000) };
    const pattern = config.whole("sliding_window_pattern", 6);
    const attention = (i: number): Partial<AttentionSpec> => {
      const windowed = isWindowed(config, i, (i + 1) % pattern !== 0);
      return {
        qkNorm: "head",
        ...scaleOf(config),
        ...(config.has("attn_logit_softcapping") ? { softcap: config.number("attn_logit_softcapping") } : {}),
        ...(windowed ? { ...windowOf(config, true), position: local } : {}),
      };
    };
    return { ...gemmaSpec(config, { placement: "sandwich" }, attention), ...global };
  },
};

/** What scores are multiplied by, where it is not the usual headDim ** -0.5. */
function scaleOf(config: HfConfig): { scale?: number } {
  const scalar = config.number("query_pre_attn_scalar", 256);
  return scalar === headsOf(config).headDim ? {} : { scale: scalar ** -0.5 };
}

function gemmaSpec(
  config: HfConfig,
  placement: Pick<LayerSpec, "placement">,
  attention: (index: number) => Partial<AttentionSpec>,
): Omit<ArchSpec, "name" | "family" | "position" | "contextLength"> {
  if (config.flag("use_bidirectional_attention", false)) config.refuse("use_bidirectional_attention is not built");
  const kind = config.choice(config.has("hidden_activation") ? "hidden_activation" : "hidden_act", GATES, "gelu");
  const heads = headsOf(config), intermediateSize = config.whole("intermediate_size");
  const biases = config.flag("attention_bias", false) ? { qkvBias: true, outputBias: true } : {};
  const layer = (index: number): LayerSpec => ({
    mixer: { kind: "attention", ...heads, ...biases, ...attention(index) },
    channel: { kind, intermediateSize },
    ...placement,
  });
  const spec = decoderSpec(config, { tiedHead: true, layer });
  return {
    ...spec,
    embeddingScale: Math.sqrt(spec.hiddenSize),
    norm: { kind: "rmsnorm", epsilon: config.number("rms_norm_eps", 1e-6) },
    ...(config.has("final_logit_softcapping") ? { logitSoftcap: config.number("final_logit_softcapping") } : {}),
  };
}
