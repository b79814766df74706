/**
 * The architectures of GGUF files that are read, by llama.cpp's names: what its converter
 * (`convert_hf_to_gguf.py`) does to the weights, and what its `llama-model.cpp` knows without the file saying it.
 */
import type { AttentionSpec, GatedMlpSpec, LayerSpec, MoeSpec, Placement } from "../spec.ts";
import { type GgufKeys, headDimOf } from "./keys.ts";
import { windowRope } from "./rope.ts";

/** A tensor of a layer as it is, or some of its rows, of which it has `count`, in another order. */
export type GgufTensor = string | { name: string; count(layer: LayerSpec): number; rows(layer: LayerSpec): number[] };

export interface GgufFamily {
  /** transformers' model_type. */
  family(keys: GgufKeys): string;
  /** What a layer's attention has beside heads. */
  attention(keys: GgufKeys, index: number): Partial<AttentionSpec>;
  channel(keys: GgufKeys, index: number): GatedMlpSpec | MoeSpec;
  placement?: Placement;
  /** Whether embeddings are multiplied by the square root of their size. */
  scaledEmbedding?: boolean;
  /** Softcap of the logits where the file does not say it. */
  logitSoftcap?: number;
  /** Tensors of a layer by our parameters' names, without ".weight" where it is that. */
  tensors: Record<string, GgufTensor>;
}

const PLAIN: Record<string, GgufTensor> = {
  mixerNorm: "attn_norm",
  q: "attn_q",
  k: "attn_k",
  v: "attn_v",
  o: "attn_output",
  qBias: "attn_q.bias",
  kBias: "attn_k.bias",
  vBias: "attn_v.bias",
  oBias: "attn_output.bias",
  qNorm: "attn_q_norm",
  kNorm: "attn_k_norm",
  channelNorm: "ffn_norm",
  gate: "ffn_gate",
  up: "ffn_up",
  down: "ffn_down",
  router: "ffn_gate_inp",
  "experts.gate": "ffn_gate_exps",
  "experts.up": "ffn_up_exps",
  "experts.down": "ffn_down_exps",
  "shared.gate": "ffn_gate_shexp",
  "shared.up": "ffn_up_shexp",
  "shared.down": "ffn_down_shexp",
  "shared.router": "ffn_gate_inp_shexp",
};

const SANDWICH: Record<string, GgufTensor> = {
  ...PLAIN,
  mixerPostNorm: "post_attention_norm",
  channelPostNorm: "post_ffw_norm",
};

/** llama.cpp turns neighbours in Llama's heads: row (head, pair, half) of the file is (head, half, pair) of ours. */
function halfSplit(name: string): GgufTensor {
  const count = ({ mixer }: LayerSpec) => {
    const { heads, kvHeads, headDim } = mixer as AttentionSpec;
    return (name.startsWith("attn_q") ? heads : kvHeads) * headDim;
  };
  return {
    name,
    count,
    rows(layer) {
      const { headDim } = layer.mixer as AttentionSpec, half = headDim / 2;
      return Array.from({ length: count(layer) }, (_, row) => {
        const head = Math.floor(row / headDim), within = row % headDim;
        return head * headDim + (within % half) * 2 + Math.floor(within / half);
      });
    },
  };
}

const range = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);

/** q, k or v out of one tensor of all three. */
function partOfQkv(which: "q" | "k" | "v"): GgufTensor {
  const sizes = ({ mixer }: LayerSpec) => {
    const { heads, kvHeads, headDim } = mixer as AttentionSpec;
    return { queries: heads * headDim, keys: kvHeads * headDim };
  };
  return {
    name: "attn_qkv",
    count(layer) {
      const { queries, keys } = sizes(layer);
      return queries + 2 * keys;
    },
    rows(layer) {
      const { queries, keys } = sizes(layer);
      return which === "q" ? range(0, queries) : range(which === "k" ? queries : queries + keys, keys);
    },
  };
}

/** Gate or up out of one tensor of both. */
function partOfUp(which: 0 | 1): GgufTensor {
  const size = ({ channel }: LayerSpec) => (channel as GatedMlpSpec).intermediateSize;
  return {
    name: "ffn_up",
    count: (layer) => 2 * size(layer),
    rows: (layer) => range(which * size(layer), size(layer)),
  };
}

function windowOf(keys: GgufKeys, usual = 0): { window?: number } {
  const window = keys.count("attention.sliding_window", usual);
  return window ? { window } : {};
}

/** Whether a layer is one of those with a window: all of a period but its last. */
function isWindowed(keys: GgufKeys, index: number, usualPeriod: number): boolean {
  const period = keys.count("attention.sliding_window_pattern", usualPeriod);
  return period === 0 || index % period < period - 1;
}

/** The scale of the largest Gemma is of its hidden size a head; llama.cpp knows it by its number of layers. */
function gemmaScale(keys: GgufKeys, largest: number): { scale?: number } {
  if (keys.count("block_count") !== largest) return {};
  return { scale: (keys.count("embedding_length") / keys.countOf(0, "attention.head_count")) ** -0.5 };
}

const swiglu = (keys: GgufKeys, index: number): GatedMlpSpec => ({
  kind: "swiglu",
  intermediateSize: keys.countOf(index, "feed_forward_length"),
});

const geglu = (keys: GgufKeys, index: number): GatedMlpSpec => ({ ...swiglu(keys, index), kind: "geglu" });

/** Experts in every layer. */
function mixture(keys: GgufKeys, intermediateSize: number, normalise: boolean): MoeSpec {
  return {
    kind: "moe",
    experts: keys.count("expert_count"),
    topK: keys.count("expert_used_count"),
    intermediateSize,
    normalise,
  };
}

/** Without a size of their own, the experts of a token are as large together as a layer without experts. */
function qwenExpertSize(keys: GgufKeys, index: number): number {
  const size = keys.count("expert_feed_forward_length", 0);
  return size || Math.floor(keys.countOf(index, "feed_forward_length") / keys.count("expert_used_count"));
}

const isMixtral = (keys: GgufKeys) => keys.count("expert_count", 0) > 0;

const GEMMA = { channel: geglu, scaledEmbedding: true };

export const GGUF_FAMILIES: Record<string, GgufFamily> = {
  llama: {
    family: (keys) => isMixtral(keys) ? "mixtral" : "llama",
    attention: (keys, i) => ({
      ...(keys.holds(`blk.${i}.attn_q.bias`) ? { qkvBias: true } : {}),
      ...(keys.holds(`blk.${i}.attn_output.bias`) ? { outputBias: true } : {}),
    }),
    channel: (keys, i) =>
      isMixtral(keys) ? mixture(keys, keys.countOf(i, "feed_forward_length"), true) : swiglu(keys, i),
    tensors: {
      ...PLAIN,
      q: halfSplit("attn_q"),
      k: halfSplit("attn_k"),
      qBias: halfSplit("attn_q.bias"),
      kBias: halfSplit("attn_k.bias"),
    },
  },
  qwen2: { family: () => "qwen2", attention: () => ({ qkvBias: true }), channel: swiglu, tensors: PLAIN },
  qwen3: { family: () => "qwen3", attention: () => ({ qkNorm: "head" }), channel: swiglu, tensors: PLAIN },
  qwen2moe: {
    family: () => "qwen2_moe",
    attention: () => ({ qkvBias: true }),
    channel: (keys, i) => ({
      ...mixture(keys, qwenExpertSize(keys, i), false),
      shared: {
        intermediateSize: keys.count("expert_shared_feed_forward_length", 0) || keys.countOf(i, "feed_forward_length"),
        gated: true,
      },
    }),
    tensors: PLAIN,
  },
  qwen3moe: {
    family: () => "qwen3_moe",
    attention: () => ({ qkNorm: "head" }),
    channel: (keys, i) => mixture(keys, qwenExpertSize(keys, i), true),
    tensors: PLAIN,
  },
  olmo2: {
    family: () => "olmo2",
    attention: () => ({ qkNorm: "full" }),
    channel: swiglu,
    placement: "post",
    tensors: SANDWICH,
  },
  phi3: {
    family: () => "phi3",
    attention: (keys) => windowOf(keys),
    channel: swiglu,
    tensors: {
      ...PLAIN,
      q: partOfQkv("q"),
      k: partOfQkv("k"),
      v: partOfQkv("v"),
      gate: partOfUp(0),
      up: partOfUp(1),
    },
  },
  gemma: { family: () => "gemma", attention: () => ({}), ...GEMMA, tensors: PLAIN },
  gemma2: {
    family: () => "gemma2",
    attention: (keys, i) => ({
      softcap: keys.decimal("attn_logit_softcapping", 50),
      ...gemmaScale(keys, 46),
      ...(isWindowed(keys, i, 2) ? windowOf(keys, 4096) : {}),
    }),
    ...GEMMA,
    logitSoftcap: 30,
    placement: "sandwich",
    tensors: SANDWICH,
  },
  gemma3: {
    family: () => "gemma3_text",
    attention(keys, i) {
      const { window } = windowOf(keys);
      const local = window && isWindowed(keys, i, 6)
        ? { window, position: windowRope(keys, keys.number("rope.freq_base_swa", 10000), headDimOf(keys)) }
        : {};
      return { qkNorm: "head", ...gemmaScale(keys, 62), ...local };
    },
    ...GEMMA,
    placement: "sandwich",
    tensors: SANDWICH,
  },
};
