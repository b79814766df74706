/** Models that decode from a state of constant size: Mamba-2; and LFM2, most of whose layers are short convolutions. */
import type { LayerSpec } from "../spec.ts";
import { attention, cycle, type Family, rmsnorm, rope } from "./parts.ts";

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
  "lfm2-350m": lfm2(1024, 16, 4608),
  "lfm2-1.2b": lfm2(2048, 32, 8192),
};
