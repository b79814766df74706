/** Qwen3-Next: gated DeltaNet in most layers, gated attention in the others, mixtures of experts. */
import type { ArchSpec, AttentionSpec, LayerSpec, LinearAttentionSpec, MixerSpec } from "../spec.ts";
import { SILU } from "./activations.ts";
import type { HfConfig } from "./config.ts";
import { withMixtures } from "./experts.ts";
import type { HfFamily, Recipes } from "./family.ts";
import { LLAMA_MODEL, plainSpec, ROTARY_TABLES } from "./llama.ts";
import { layer as qwenMoeLayer, mixture } from "./qwen_moe.ts";
import { onePlus, pickRows, tensor } from "./recipe.ts";

export const qwen3Next: HfFamily = {
  modelTypes: ["qwen3_next"],
  spec(config) {
    config.only("attention_bias", false);
    const spec = plainSpec(config, () => ({ qkNorm: "head", outputGate: true }), {
      ...{ kvHeads: 2, headDim: 256, part: 0.25, contextLength: 32_768, gates: SILU },
    });
    const recurrent = recurrentOf(config);
    const layers = spec.layers.map((layer, i): LayerSpec => isFull(config, i) ? layer : { ...layer, mixer: recurrent });
    const shared = { intermediateSize: config.whole("shared_expert_intermediate_size"), gated: true };
    return withMixtures({ ...spec, layers }, (i) => mixture(config, i, { topK: 10, normalise: true, shared }));
  },
  layers: "model.layers.",
  model: ({ hiddenSize }) => ({ ...LLAMA_MODEL, finalNorm: onePlus(tensor("model.norm.weight", hiddenSize)) }),
  layer: (layer, spec) => ({
    ...qwenMoeLayer(layer, spec),
    mixerNorm: onePlus(tensor("input_layernorm.weight", spec.hiddenSize)),
    channelNorm: onePlus(tensor("post_attention_layernorm.weight", spec.hiddenSize)),
    ...mixerRecipes(layer.mixer, spec),
  }),
  unused: ROTARY_TABLES,
};

function recurrentOf(config: HfConfig): LinearAttentionSpec {
  return {
    kind: "linear",
    rule: "gated_delta",
    heads: config.whole("linear_num_value_heads", 32),
    keyHeads: config.whole("linear_num_key_heads", 16),
    keyDim: config.whole("linear_key_head_dim", 128),
    valueDim: config.whole("linear_value_head_dim", 128),
    decay: "mamba",
    convolution: config.whole("linear_conv_kernel_dim", 4),
  };
}

/** Whether a layer has softmax attention: by `layer_types`, or every fourth. */
function isFull(config: HfConfig, index: number): boolean {
  const type = config.list("layer_types")?.[index];
  if (type === undefined) return (index + 1) % config.whole("full_attention_interval", 4) === 0;
  if (type === "full_attention" || type === "linear_attention") return type === "full_attention";
  return config.refuse(
    `layer_types[${index}] is ${JSON.stringify(type)}; this family has linear_attention, full_attention`,
  );
}

function mixerRecipes(mixer: MixerSpec, spec: ArchSpec): Recipes {
  return mixer.kind === "linear" ? recurrentRecipes(mixer, spec) : attentionRecipes(mixer as AttentionSpec, spec);
}

/** Rows of q_proj: of each head its query, then its gate. */
function attentionRecipes({ heads, headDim }: AttentionSpec, { hiddenSize }: ArchSpec): Recipes {
  const both = tensor("self_attn.q_proj.weight", 2 * heads * headDim, hiddenSize);
  const rows = (part: 0 | 1) => groupedRows(heads, 2 * headDim, part * headDim, headDim);
  return {
    q: pickRows(both, rows(0)),
    attentionGate: pickRows(both, rows(1)),
    qNorm: onePlus(tensor("self_attn.q_norm.weight", headDim)),
    kNorm: onePlus(tensor("self_attn.k_norm.weight", headDim)),
  };
}

/** Rows are grouped by the heads of the keys: of each its query, its key, and values and gates of the heads that share it. */
function recurrentRecipes(mixer: LinearAttentionSpec, { hiddenSize }: ArchSpec): Recipes {
  const { heads, keyHeads = heads, keyDim, valueDim, convolution = 4 } = mixer;
  const shared = heads / keyHeads, values = shared * valueDim, group = 2 * keyDim + 2 * values;
  const qkvz = tensor("linear_attn.in_proj_qkvz.weight", keyHeads * group, hiddenSize);
  const ba = tensor("linear_attn.in_proj_ba.weight", 2 * heads, hiddenSize);
  const part = (first: number, count: number) => pickRows(qkvz, groupedRows(keyHeads, group, first, count));
  return {
    q: part(0, keyDim),
    k: part(keyDim, keyDim),
    v: part(2 * keyDim, values),
    outputGate: part(2 * keyDim + values, values),
    beta: pickRows(ba, groupedRows(keyHeads, 2 * shared, 0, shared)),
    decay: pickRows(ba, groupedRows(keyHeads, 2 * shared, shared, shared)),
    convolution: tensor(
      "linear_attn.conv1d.weight",
      2 * keyHeads * keyDim + heads * valueDim,
      1,
      convolution,
    ),
    dtBias: "linear_attn.dt_bias",
    aLog: "linear_attn.A_log",
    norm: "linear_attn.norm.weight",
    o: "linear_attn.out_proj.weight",
  };
}

/** The rows from `first` on of each of `count` groups. */
function groupedRows(count: number, size: number, first: number, rows: number): number[] {
  return Array.from({ length: count * rows }, (_, i) => Math.floor(i / rows) * size + first + i % rows);
}
