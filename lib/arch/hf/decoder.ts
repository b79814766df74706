/** What most families' configurations have in common. */
import type { ArchSpec, AttentionSpec, LayerSpec } from "../spec.ts";
import type { HfConfig } from "./config.ts";

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

/** What transformers takes for heads that a configuration leaves out; where a family has none, they follow from the others. */
export interface HeadDefaults {
  kvHeads?: number;
  headDim?: number;
}

/** Heads and their size. */
export function headsOf(
  config: HfConfig,
  usual: HeadDefaults = {},
): Pick<AttentionSpec, "heads" | "kvHeads" | "headDim"> {
  const heads = config.whole("num_attention_heads"), hiddenSize = config.whole("hidden_size");
  const kvHeads = config.wholeOrNone("num_key_value_heads", usual.kvHeads ?? null) ?? heads;
  const headDim = config.has("head_dim") ? config.whole("head_dim") : usual.headDim;
  if (headDim !== undefined) return { heads, kvHeads, headDim };
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
