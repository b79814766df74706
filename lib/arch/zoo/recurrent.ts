/** Models that decode from a state of constant size: Mamba-2, RetNet, RWKV-6; and LFM2, most of whose layers are short convolutions. */
import type { LayerSpec } from "../spec.ts";
import { attention, cycle, type Family, layernorm, rmsnorm, rope } from "./parts.ts";

/** Dao and Gu 2024, arXiv 2405.21060: mixers alone, twice as wide as the model, heads of 64. */
function mamba2(
  hiddenSize: number,
  layers: number,
  more: { vocabSize?: number; groups?: number; tiedHead?: boolean } = {},
): Family[string] {
  const { vocabSize = 50_288, groups = 1, tiedHead = true } = more;
  return {
    family: "mamba2",
    vocabSize,
    hiddenSize,
    // Trained on 2048 tokens; nothing in the model bounds a sequence.
    contextLength: 1_048_576,
    layers: cycle(layers, [{
      mixer: { kind: "mamba2", heads: hiddenSize / 32, headDim: 64, stateDim: 128, groups },
      channel: { kind: "none" },
    }]),
    norm: rmsnorm(1e-5),
    position: { kind: "none" },
    tiedHead,
  };
}

/**
 * Sun et al. 2023, arXiv 2307.08621, section 3.1: heads of 256 for queries and keys, of 512 for values, MLPs of twice the
 * width. The paper names no vocabulary; this is GPT-2's, so only what the layers hold is as published.
 */
function retnet(hiddenSize: number, layers: number): Family[string] {
  return {
    family: "retnet",
    vocabSize: 50_257,
    hiddenSize,
    contextLength: 2048,
    layers: cycle(layers, [{
      mixer: {
        kind: "linear",
        rule: "gated",
        decay: "retnet",
        heads: hiddenSize / 256,
        keyDim: 256,
        valueDim: 512,
        position: rope(10_000),
      },
      channel: { kind: "gelu_erf", intermediateSize: 2 * hiddenSize },
    }]),
    norm: layernorm(1e-5),
    position: { kind: "none" },
    tiedHead: true,
  };
}

/**
 * Peng et al. 2024, arXiv 2404.05892 ("Finch"): heads of 64, a channel mix of 3.5 times the width, a norm after the
 * embedding.
 */
function rwkv6(hiddenSize: number, layers: number): Family[string] {
  return {
    family: "rwkv6",
    vocabSize: 65_536,
    hiddenSize,
    // Trained on 4096 tokens; nothing in the model bounds a sequence.
    contextLength: 1_048_576,
    layers: cycle(layers, [{
      mixer: { kind: "rwkv6", heads: hiddenSize / 64, headDim: 64 },
      channel: { kind: "rwkv", intermediateSize: 3.5 * hiddenSize },
    }]),
    norm: layernorm(1e-5),
    position: { kind: "none" },
    tiedHead: false,
    embeddingNorm: true,
  };
}

/** Liquid AI 2025, arXiv 2511.23404: six layers of attention among ten gated convolutions. */
function lfm2(hiddenSize: number, heads: number, intermediateSize: number): Family[string] {
  const channel = { kind: "swiglu" as const, intermediateSize };
  const convolution: LayerSpec = { mixer: { kind: "convolution", kernel: 3 }, channel };
  const full: LayerSpec = { mixer: attention(heads, 8, 64, { qkNorm: "head" }), channel };
  const attending = [2, 5, 8, 10, 12, 14];
  return {
    family: "lfm2",
    vocabSize: 65_536,
    hiddenSize,
    contextLength: 128_000,
    layers: Array.from({ length: 16 }, (_, i) => attending.includes(i) ? full : convolution),
    norm: rmsnorm(1e-5),
    position: rope(1_000_000),
    tiedHead: true,
  };
}

export const RECURRENT: Family = {
  "mamba2-130m": mamba2(768, 24),
  "mamba2-370m": mamba2(1024, 48),
  "mamba2-780m": mamba2(1536, 48),
  "mamba2-1.3b": mamba2(2048, 48),
  "mamba2-2.7b": mamba2(2560, 64),
  "mamba-codestral-7b": mamba2(4096, 64, { vocabSize: 32_768, groups: 8, tiedHead: false }),
  "retnet-1.3b": retnet(2048, 24),
  "retnet-2.7b": retnet(2560, 32),
  "retnet-6.7b": retnet(4096, 32),
  "rwkv-6-1.6b": rwkv6(2048, 24),
  "rwkv-6-3b": rwkv6(2560, 32),
  "lfm2-350m": lfm2(1024, 16, 4608),
  "lfm2-1.2b": lfm2(2048, 32, 8192),
};
