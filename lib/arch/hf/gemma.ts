/** Gemma 1, 2 and 3 (text): scaled embeddings, norms stored as what they differ from 1, GELU gates. */
import type { ArchSpec, AttentionSpec, GatedMlpSpec, LayerSpec } from "../spec.ts";
import { GATES } from "./activations.ts";
import { HfConfig } from "./config.ts";
import { decoderSpec, type HeadDefaults, headsOf, isWindowed } from "./decoder.ts";
import type { HfFamily } from "./family.ts";
import { LLAMA_LAYER, LLAMA_MODEL, ROTARY_TABLES, windowOf } from "./llama.ts";
import { onePlus, tensor } from "./recipe.ts";
import { type RopeDefaults, ropeOf } from "./rope.ts";

type Defaults = HeadDefaults & Pick<RopeDefaults, "contextLength">;

const GEMMA: Defaults = { kvHeads: 16, headDim: 256, contextLength: 8192 };
const GEMMA2: Defaults = { kvHeads: 4, headDim: 256, contextLength: 8192 };
const GEMMA3: Defaults = { kvHeads: 4, headDim: 256, contextLength: 131_072 };

export const gemma: HfFamily = {
  modelTypes: ["gemma"],
  spec(config) {
    const { headDim } = headsOf(config, GEMMA);
    // Files of Gemma 1 say "gelu" and mean its tanh form.
    const kind = config.choice("hidden_act", { ...GATES, gelu: "geglu" as const }, TANH_GELU);
    return { ...gemmaSpec(config, GEMMA, kind, {}, () => ({})), ...ropeOf(config, headDim, GEMMA) };
  },
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
  spec(config) {
    const { headDim } = headsOf(config, GEMMA2);
    const attention = (i: number): Partial<AttentionSpec> => ({
      ...scaleOf(config, headDim),
      ...softcapOf(config, 50),
      ...windowOf(config, isWindowed(config, i, i % 2 === 0), 4096),
    });
    return {
      ...gemmaSpec(config, GEMMA2, gateOf(config), { placement: "sandwich" }, attention),
      ...logitSoftcapOf(config, 30),
      ...ropeOf(config, headDim, GEMMA2),
    };
  },
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
    const { headDim } = headsOf(config, GEMMA3), { global, local } = positionsOf(config, headDim);
    const pattern = config.whole("sliding_window_pattern", 6);
    const attention = (i: number): Partial<AttentionSpec> => {
      const windowed = isWindowed(config, i, (i + 1) % pattern !== 0);
      return {
        qkNorm: "head",
        ...scaleOf(config, headDim),
        ...softcapOf(config, null),
        ...(windowed ? { ...windowOf(config, true, 4096), position: local } : {}),
      };
    };
    return {
      ...gemmaSpec(config, GEMMA3, gateOf(config), { placement: "sandwich" }, attention),
      ...logitSoftcapOf(config, null),
      ...global,
    };
  },
};

/** Positions of the layers that see all tokens, and of the windowed ones; older files scale only the first by name. */
function positionsOf(config: HfConfig, headDim: number) {
  const parts = config.inner("rope_parameters");
  const full = { ...parts?.inner("full_attention")?.values, ...config.inner("rope_scaling")?.values };
  const theta = config.number("rope_local_base_freq", 10_000);
  const sliding = { rope_theta: theta, ...parts?.inner("sliding_attention")?.values };
  const given = (values: Record<string, unknown>) => new HfConfig(`${config.path}, rope_parameters`, values);
  return {
    global: ropeOf(config, headDim, { ...GEMMA3, theta: 1e6, given: given(full) }),
    local: ropeOf(config, headDim, { ...GEMMA3, given: given(sliding) }).position,
  };
}

/** What scores are multiplied by, where it is not the usual headDim ** -0.5. */
function scaleOf(config: HfConfig, headDim: number): { scale?: number } {
  const scalar = config.number("query_pre_attn_scalar", 256);
  return scalar === headDim ? {} : { scale: scalar ** -0.5 };
}

function softcapOf(config: HfConfig, usual: number | null): { softcap?: number } {
  const softcap = config.numberOrNone("attn_logit_softcapping", usual);
  return softcap === null ? {} : { softcap };
}

function logitSoftcapOf(config: HfConfig, usual: number | null): { logitSoftcap?: number } {
  const logitSoftcap = config.numberOrNone("final_logit_softcapping", usual);
  return logitSoftcap === null ? {} : { logitSoftcap };
}

const TANH_GELU = "gelu_pytorch_tanh";

function gateOf(config: HfConfig): GatedMlpSpec["kind"] {
  return config.choice<GatedMlpSpec["kind"]>("hidden_activation", GATES, TANH_GELU);
}

function gemmaSpec(
  config: HfConfig,
  usual: Defaults,
  kind: GatedMlpSpec["kind"],
  placement: Pick<LayerSpec, "placement">,
  attention: (index: number) => Partial<AttentionSpec>,
): Omit<ArchSpec, "name" | "family" | "position" | "contextLength"> {
  if (config.flag("use_bidirectional_attention", false)) config.refuse("use_bidirectional_attention is not built");
  const heads = headsOf(config, usual), intermediateSize = config.whole("intermediate_size");
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
  };
}
