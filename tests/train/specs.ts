/** Small architectures of every trainable kind. */
import type {
  ArchSpec,
  AttentionSpec,
  ConvolutionSpec,
  LayerSpec,
  LinearAttentionSpec,
  MixerSpec,
} from "../../lib/arch/spec.ts";

export function tinySpec(
  mixers: MixerSpec[],
  changes: Partial<ArchSpec> = {},
  layer: Partial<LayerSpec> = {},
): ArchSpec {
  return {
    name: "tiny",
    vocabSize: 258,
    hiddenSize: 32,
    contextLength: 64,
    layers: mixers.map((mixer) => ({ mixer, channel: { kind: "swiglu", intermediateSize: 48 }, ...layer })),
    norm: { kind: "rmsnorm", epsilon: 1e-5 },
    position: { kind: "rope", theta: 10000 },
    tiedHead: true,
    ...changes,
  };
}

export const full: AttentionSpec = { kind: "attention", heads: 4, kvHeads: 2, headDim: 16 };
export const windowed: AttentionSpec = { ...full, window: 5, sinks: 1 };
export const plain: LinearAttentionSpec = { kind: "linear", rule: "linear", heads: 2, keyDim: 16, valueDim: 16 };
export const shortConvolution: ConvolutionSpec = { kind: "convolution", kernel: 3 };
export const delta: LinearAttentionSpec = { ...plain, rule: "delta", convolution: 4 };
export const gated: LinearAttentionSpec = {
  ...plain,
  rule: "gated",
  decay: "retnet",
  position: { kind: "rope", theta: 10000 },
};
export const gatedDelta: LinearAttentionSpec = {
  ...plain,
  rule: "gated_delta",
  decay: "mamba",
  heads: 4,
  keyHeads: 2,
  valueDim: 8,
  convolution: 4,
};
