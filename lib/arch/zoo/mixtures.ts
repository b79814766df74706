/** Mixtures of experts beside Qwen's: Mixtral, OLMoE, and DeepSeek-V2 with its latent attention. */
import type { ChannelSpec, MlaSpec, MoeSpec } from "../spec.ts";
import { attention, cycle, type Family, rmsnorm, rope } from "./parts.ts";

/** Jiang et al. 2024, arXiv 2401.04088. */
function mixtral(hiddenSize: number, layers: number, heads: number, intermediateSize: number, contextLength: number) {
  return {
    family: "mixtral",
    vocabSize: 32_000,
    hiddenSize,
    contextLength,
    layers: cycle(layers, [{
      mixer: attention(heads, 8, 128),
      channel: { kind: "moe", experts: 8, topK: 2, intermediateSize, normalise: true },
    }]),
    norm: rmsnorm(1e-5),
    position: rope(1_000_000),
    tiedHead: false,
  };
}

/** The larger YaRN factor on scores, whose square their scale is multiplied by: 0.1 * 0.707 * ln(40) + 1. */
const DEEPSEEK_MSCALE = 0.1 * 0.707 * Math.log(40) + 1;

/** DeepSeek-AI 2024, arXiv 2405.04434: the first layer is dense. Two shared experts are one MLP of twice the width. */
function deepseek(
  hiddenSize: number,
  layers: number,
  heads: { heads: number; queryRank?: number },
  denseSize: number,
  moe: Pick<MoeSpec, "experts" | "intermediateSize" | "routedScale" | "groups">,
): Family[string] {
  const mixer: MlaSpec = {
    kind: "mla",
    ...heads,
    kvRank: 512,
    nopeDim: 128,
    ropeDim: 64,
    valueDim: 128,
    scale: DEEPSEEK_MSCALE ** 2 / Math.sqrt(128 + 64),
  };
  const channel: ChannelSpec = {
    kind: "moe",
    topK: 6,
    normalise: false,
    shared: { intermediateSize: 2 * moe.intermediateSize },
    ...moe,
  };
  return {
    family: "deepseek_v2",
    vocabSize: 102_400,
    hiddenSize,
    contextLength: 163_840,
    layers: [
      { mixer, channel: { kind: "swiglu", intermediateSize: denseSize } },
      ...cycle(layers - 1, [{ mixer, channel }]),
    ],
    norm: rmsnorm(1e-6),
    position: rope(10_000, { scaling: { kind: "yarn", factor: 40, originalContext: 4096, attentionFactor: 1 } }),
    tiedHead: false,
  };
}

export const MIXTURES: Family = {
  "mixtral-8x7b": mixtral(4096, 32, 32, 14_336, 32_768),
  "mixtral-8x22b": mixtral(6144, 56, 48, 16_384, 65_536),
  // Muennighoff et al. 2024, arXiv 2409.02060
  "olmoe-1b-7b": {
    family: "olmoe",
    vocabSize: 50_304,
    hiddenSize: 2048,
    contextLength: 4096,
    layers: cycle(16, [{
      mixer: attention(16, 16, 128, { qkNorm: "full" }),
      channel: { kind: "moe", experts: 64, topK: 8, intermediateSize: 1024, normalise: false },
    }]),
    norm: rmsnorm(1e-5),
    position: rope(10_000),
    tiedHead: false,
  },
  "deepseek-v2-lite": deepseek(2048, 27, { heads: 16 }, 10_944, { experts: 64, intermediateSize: 1408 }),
  "deepseek-v2": deepseek(5120, 60, { heads: 128, queryRank: 1536 }, 12_288, {
    experts: 160,
    intermediateSize: 1536,
    routedScale: 16,
    groups: { count: 8, topK: 3 },
  }),
};
