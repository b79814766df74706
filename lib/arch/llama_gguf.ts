/** Llama models in GGUF: the spec from the metadata, the weights by llama.cpp's tensor names. */
import type { GgufFile } from "./gguf_file.ts";
import { type Matrix, permuteRows } from "./quant_blocks.ts";
import type { ArchSpec } from "./spec.ts";
import type { WeightSource } from "./weight_source.ts";

const MODEL_TENSORS: Record<string, string> = { embedding: "token_embd", head: "output", finalNorm: "output_norm" };
const TENSORS: Record<string, string> = {
  mixerNorm: "attn_norm",
  q: "attn_q",
  k: "attn_k",
  v: "attn_v",
  o: "attn_output",
  channelNorm: "ffn_norm",
  gate: "ffn_gate",
  up: "ffn_up",
  down: "ffn_down",
};

/**
 * The architecture that a GGUF file describes.
 *
 * @throws {TypeError} If its architecture is not Llama, or uses something that is not built yet (RoPE scaling).
 * @throws {SyntaxError} If a key is missing or has the wrong type.
 */
export function specFromGguf(file: GgufFile, name: string): ArchSpec {
  const { metadata } = file;
  const family = metadata["general.architecture"];
  if (family !== "llama") {
    throw new TypeError(`Cannot open ${file.path}: its architecture is "${family}"; this version runs: llama`);
  }
  const number = (key: string, fallback?: number): number => {
    const value = metadata[`llama.${key}`] ?? fallback;
    if (typeof value !== "number" || !Number.isFinite(value)) {
      throw new SyntaxError(`Cannot read ${file.path}: llama.${key} is ${value}, not a number`);
    }
    return value;
  };
  const scaling = metadata["llama.rope.scaling.type"];
  if ((scaling && scaling !== "none") || file.tensorNames.includes("rope_freqs.weight")) {
    throw new TypeError(`Cannot open ${file.path}: RoPE scaling (${scaling ?? "rope_freqs"}) is not built yet`);
  }
  const heads = number("attention.head_count"), hiddenSize = number("embedding_length");
  const headDim = number("attention.key_length", hiddenSize / heads);
  if (number("rope.dimension_count", headDim) !== headDim) {
    throw new TypeError(`Cannot open ${file.path}: partial rotary positions are not built yet`);
  }
  const layer = {
    mixer: { kind: "attention" as const, heads, kvHeads: number("attention.head_count_kv", heads), headDim },
    channel: { kind: "swiglu" as const, intermediateSize: number("feed_forward_length") },
  };
  const tokens = metadata["tokenizer.ggml.tokens"];
  return {
    name,
    family,
    vocabSize: number("vocab_size", Array.isArray(tokens) ? tokens.length : undefined),
    hiddenSize,
    contextLength: number("context_length"),
    layers: Array.from({ length: number("block_count") }, () => layer),
    // The file keeps fp32; the decimal that it was made from is meant (1e-5, not 0.00000999999974738).
    norm: { kind: "rmsnorm", epsilon: Number(number("attention.layer_norm_rms_epsilon").toPrecision(6)) },
    position: { kind: "rope", theta: number("rope.freq_base", 10000) },
    tiedHead: !file.tensorNames.includes("output.weight"),
  };
}

/** The weights of a Llama GGUF file; q and k rows are put back from interleaved to half-split rotary order. */
export function ggufWeights(file: GgufFile, spec: ArchSpec): WeightSource {
  return {
    label: file.path.split("/").at(-1)!,
    storedAs: file.quantisation === "F32" ? null : file.quantisation,
    model: (name) => file.read(`${MODEL_TENSORS[name]}.weight`),
    async layer(index, matrix) {
      const stored = await file.read(`blk.${index}.${TENSORS[matrix]}.weight`);
      const { mixer } = spec.layers[0]; // a Llama's layers are all alike
      return mixer.kind === "attention" && (matrix === "q" || matrix === "k")
        ? halfSplitRows(stored, mixer.headDim)
        : stored;
    },
  };
}

/** llama.cpp's converter stores row (head, pair, half) of Hugging Face's (head, half, pair). */
function halfSplitRows(m: Matrix, headDim: number): Matrix {
  const half = headDim / 2;
  const order = Array.from({ length: m.rows }, (_, row) => {
    const head = Math.floor(row / headDim), within = row % headDim;
    return head * headDim + (within % half) * 2 + Math.floor(within / half);
  });
  return permuteRows(m, order);
}
