/** Llama and the models that are built like it: RMSNorm, rotary positions, GQA, SwiGLU. */
import type { AttentionSpec, RopeScaling } from "../spec.ts";
import { attention, cycle, type Family, rmsnorm, rope } from "./parts.ts";

interface Llama {
  vocabSize: number;
  hiddenSize: number;
  intermediateSize: number;
  layers: number;
  heads: number;
  kvHeads: number;
  contextLength: number;
  theta?: number;
  scaling?: RopeScaling;
  epsilon?: number;
  tiedHead?: boolean;
  family?: string;
  /** What is unusual about the attention of each layer, in turn. */
  attention?: Partial<AttentionSpec>[];
}

function llama(model: Llama): Family[string] {
  const { vocabSize, hiddenSize, heads, kvHeads, intermediateSize, contextLength, theta = 10_000, scaling } = model;
  const period = (model.attention ?? [{}]).map((more) => attention(heads, kvHeads, hiddenSize / heads, more));
  return {
    family: model.family ?? "llama",
    vocabSize,
    hiddenSize,
    contextLength,
    layers: cycle(model.layers, period.map((mixer) => ({ mixer, channel: { kind: "swiglu", intermediateSize } }))),
    norm: rmsnorm(model.epsilon ?? 1e-5),
    position: rope(theta, scaling && { scaling }),
    tiedHead: model.tiedHead ?? false,
  };
}

const llama2 = { vocabSize: 32_000, contextLength: 4096 };
const llama3 = { vocabSize: 128_256, kvHeads: 8, contextLength: 8192, theta: 500_000 };
const longLlama3 = (factor: number) => ({
  ...llama3,
  contextLength: 131_072,
  scaling: { kind: "llama3" as const, factor, lowFrequency: 1, highFrequency: 4, originalContext: 8192 },
});
const size7b = { hiddenSize: 4096, intermediateSize: 11_008, layers: 32, heads: 32, kvHeads: 32 };
const size8b = { hiddenSize: 4096, intermediateSize: 14_336, layers: 32, heads: 32 };
const size70b = { hiddenSize: 8192, intermediateSize: 28_672, layers: 80, heads: 64, kvHeads: 8 };
const smollm2 = { vocabSize: 49_152, contextLength: 8192, theta: 100_000, tiedHead: true };
const mistral = { ...size8b, kvHeads: 8, contextLength: 32_768, family: "mistral" };

export const LLAMA: Family = {
  // Touvron et al. 2023, arXiv 2302.13971 and 2307.09288
  "llama-7b": llama({ ...llama2, ...size7b, contextLength: 2048, epsilon: 1e-6 }),
  "llama-2-7b": llama({ ...llama2, ...size7b }),
  "llama-2-13b": llama({
    ...llama2,
    hiddenSize: 5120,
    intermediateSize: 13_824,
    layers: 40,
    heads: 40,
    kvHeads: 40,
  }),
  "llama-2-70b": llama({ ...llama2, ...size70b }),
  // Grattafiori et al. 2024, arXiv 2407.21783
  "llama-3-8b": llama({ ...llama3, ...size8b }),
  "llama-3.1-8b": llama({ ...longLlama3(8), ...size8b }),
  "llama-3.1-70b": llama({ ...longLlama3(8), ...size70b }),
  "llama-3.2-1b": llama({
    ...longLlama3(32),
    hiddenSize: 2048,
    intermediateSize: 8192,
    layers: 16,
    heads: 32,
    tiedHead: true,
  }),
  "llama-3.2-3b": llama({
    ...longLlama3(32),
    hiddenSize: 3072,
    intermediateSize: 8192,
    layers: 28,
    heads: 24,
    tiedHead: true,
  }),
  "tinyllama-1.1b": llama({
    ...llama2,
    hiddenSize: 2048,
    intermediateSize: 5632,
    layers: 22,
    heads: 32,
    kvHeads: 4,
    contextLength: 2048,
  }),
  // Allal et al. 2025, arXiv 2502.02737
  "smollm2-135m": llama({ ...smollm2, hiddenSize: 576, intermediateSize: 1536, layers: 30, heads: 9, kvHeads: 3 }),
  "smollm2-360m": llama({ ...smollm2, hiddenSize: 960, intermediateSize: 2560, layers: 32, heads: 15, kvHeads: 5 }),
  "smollm2-1.7b": llama({
    ...smollm2,
    hiddenSize: 2048,
    intermediateSize: 8192,
    layers: 24,
    heads: 32,
    kvHeads: 32,
    theta: 130_000,
  }),
  // Bakouch et al. 2025, "SmolLM3": every fourth layer has no positions
  "smollm3-3b": llama({
    vocabSize: 128_256,
    hiddenSize: 2048,
    intermediateSize: 11_008,
    layers: 36,
    heads: 16,
    kvHeads: 4,
    contextLength: 65_536,
    theta: 5_000_000,
    epsilon: 1e-6,
    tiedHead: true,
    family: "smollm3",
    attention: [{}, {}, {}, { position: { kind: "none" } }],
  }),
  // Jiang et al. 2023, arXiv 2310.06825; the window left with v0.2
  "mistral-7b-v0.1": llama({ ...mistral, vocabSize: 32_000, attention: [{ window: 4096 }] }),
  "mistral-7b-v0.3": llama({ ...mistral, vocabSize: 32_768, theta: 1_000_000 }),
  // Abdin et al. 2024, arXiv 2404.14219
  "phi-3-mini-4k": llama({
    vocabSize: 32_064,
    hiddenSize: 3072,
    intermediateSize: 8192,
    layers: 32,
    heads: 32,
    kvHeads: 32,
    contextLength: 4096,
    family: "phi3",
    attention: [{ window: 2047 }],
  }),
};
