/** What most families' configurations have in common. */
import type { ArchSpec, AttentionSpec, LayerSpec } from "../spec.ts";
import type { HfConfig } from "./config.ts";

/** Names of the activations of plain MLPs: transformers' "gelu" is the exact one. */
export const PLAIN_ACTIVATIONS = {
  gelu: "gelu_erf",
  gelu_new: "gelu",
  gelu_fast: "gelu",
  gelu_pytorch_tanh: "gelu",
  relu: "relu",
  relu2: "relu2",
} as const;

/** More layers than any model has: a count that would take memory for nothing. */
const MOST_LAYERS = 10_000;

type Common = Pick<ArchSpec, "vocabSize" | "hiddenSize" | "layers" | "tiedHead">;

/** Sizes of the model, and its layers. */
export function decoderSpec(
  config: HfConfig,
  { tiedHead, layer }: { tiedHead: boolean; layer: (index: number) => LayerSpec },
): Common {
  return {
    vocabSize: config.whole("vocab_size"),
    hiddenSize: config.whole("hidden_size"),
    layers: layersOf(config, "num_hidden_layers", layer),
    tiedHead: config.flag("tie_word_embeddings", tiedHead),
  };
}

export function layersOf(config: HfConfig, key: string, layer: (index: number) => LayerSpec): LayerSpec[] {
  const count = config.whole(key);
  if (count > MOST_LAYERS) config.refuse(`${key} is ${count}; at most ${MOST_LAYERS} layers are built`);
  return Array.from({ length: count }, (_, i) => layer(i));
}

/** Heads and their size. */
export function headsOf(config: HfConfig): Pick<AttentionSpec, "heads" | "kvHeads" | "headDim"> {
  const heads = config.whole("num_attention_heads"), hiddenSize = config.whole("hidden_size");
  const kvHeads = config.whole("num_key_value_heads", heads);
  if (config.has("head_dim")) return { heads, kvHeads, headDim: config.whole("head_dim") };
  if (hiddenSize % heads !== 0) {
    config.refuse(`num_attention_heads ${heads} does not divide hidden_size ${hiddenSize}, and there is no head_dim`);
  }
  return { heads, kvHeads, headDim: hiddenSize / heads };
}

/** Whether a layer has a window: by `layer_types`, or what older files mean without it. */
export function isWindowed(config: HfConfig, index: number, otherwise: boolean): boolean {
  const type = config.list("layer_types")?.[index];
  if (type === undefined) return otherwise;
  if (type !== "sliding_attention" && type !== "full_attention") {
    config.refuse(
      `layer_types[${index}] is ${JSON.stringify(type)}; this family has sliding_attention, full_attention`,
    );
  }
  return type === "sliding_attention";
}
