/** Qwen 2.5 and 3: biases on q, k and v, later norms on q and k; mixtures of experts; Qwen3-Next's hybrid. */
import type { ChannelSpec, LayerSpec, LinearAttentionSpec, MixerSpec } from "../spec.ts";
import { attention, cycle, type Family, rmsnorm, rope } from "./parts.ts";

interface Qwen {
  family: string;
  vocabSize?: number;
  hiddenSize: number;
  contextLength: number;
  layers: LayerSpec[];
  tiedHead: boolean;
}

function qwen(model: Qwen): Family[string] {
  return { vocabSize: 151_936, ...model, norm: rmsnorm(1e-6), position: rope(1_000_000) };
}

const swiglu = (intermediateSize: number): ChannelSpec => ({ kind: "swiglu", intermediateSize });

/** Qwen Team 2024, arXiv 2412.15115. */
function qwen2(
  hiddenSize: number,
  layers: number,
  [heads, kvHeads]: [number, number],
  intermediateSize: number,
  more: { contextLength: number; tiedHead: boolean; vocabSize?: number },
): Family[string] {
  const mixer = attention(heads, kvHeads, hiddenSize / heads, { qkvBias: true });
  return qwen({
    family: "qwen2",
    hiddenSize,
    layers: cycle(layers, [{ mixer, channel: swiglu(intermediateSize) }]),
    ...more,
  });
}

/** Qwen Team 2025, arXiv 2505.09388: heads of 128 at every width. */
function qwen3(
  hiddenSize: number,
  layers: number,
  [heads, kvHeads]: [number, number],
  channel: ChannelSpec,
  tiedHead: boolean,
): Family[string] {
  return qwen({
    family: channel.kind === "moe" ? "qwen3_moe" : "qwen3",
    hiddenSize,
    contextLength: 40_960,
    layers: cycle(layers, [{ mixer: attention(heads, kvHeads, 128, { qkNorm: "head" }), channel }]),
    tiedHead,
  });
}

/** Three layers of gated DeltaNet, then one of gated attention; every layer with a mixture of experts. */
function qwen3Next(): Family[string] {
  const delta: LinearAttentionSpec = {
    kind: "linear",
    rule: "gated_delta",
    heads: 32,
    keyHeads: 16,
    keyDim: 128,
    valueDim: 128,
    decay: "mamba",
    convolution: 4,
  };
  const full = attention(16, 2, 256, { qkNorm: "head", outputGate: true });
  const layer = (mixer: MixerSpec): LayerSpec => ({
    mixer,
    channel: {
      kind: "moe",
      experts: 512,
      topK: 10,
      intermediateSize: 512,
      normalise: true,
      shared: { intermediateSize: 512, gated: true },
    },
  });
  return {
    family: "qwen3_next",
    vocabSize: 151_936,
    hiddenSize: 2048,
    contextLength: 262_144,
    layers: cycle(48, [layer(delta), layer(delta), layer(delta), layer(full)]),
    norm: rmsnorm(1e-6),
    position: rope(10_000_000, { dims: 64 }),
    tiedHead: false,
  };
}

export const QWEN: Family = {
  "qwen2.5-0.5b": qwen2(896, 24, [14, 2], 4864, { contextLength: 32_768, tiedHead: true }),
  "qwen2.5-1.5b": qwen2(1536, 28, [12, 2], 8960, { contextLength: 131_072, tiedHead: true }),
  "qwen2.5-3b": qwen2(2048, 36, [16, 2], 11_008, { contextLength: 32_768, tiedHead: true }),
  "qwen2.5-7b": qwen2(3584, 28, [28, 4], 18_944, { contextLength: 131_072, tiedHead: false, vocabSize: 152_064 }),
  "qwen3-0.6b": qwen3(1024, 28, [16, 8], swiglu(3072), true),
  "qwen3-1.7b": qwen3(2048, 28, [16, 8], swiglu(6144), true),
  "qwen3-4b": qwen3(2560, 36, [32, 8], swiglu(9728), true),
  "qwen3-8b": qwen3(4096, 36, [32, 8], swiglu(12_288), false),
  "qwen1.5-moe-a2.7b": qwen({
    family: "qwen2_moe",
    hiddenSize: 2048,
    contextLength: 8192,
    layers: cycle(24, [{
      mixer: attention(16, 16, 128, { qkvBias: true }),
      channel: {
        kind: "moe",
        experts: 60,
        topK: 4,
        intermediateSize: 1408,
        normalise: false,
        shared: { intermediateSize: 5632, gated: true },
      },
    }]),
    tiedHead: false,
  }),
  "qwen3-30b-a3b": qwen3(
    2048,
    48,
    [32, 4],
    { kind: "moe", experts: 128, topK: 8, intermediateSize: 768, normalise: true },
    false,
  ),
  "qwen3-next-80b-a3b": qwen3Next(),
};
