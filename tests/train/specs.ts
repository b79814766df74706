/** Small architectures of every trainable kind. */
import type {
  ArchSpec,
  AttentionSpec,
  ConvolutionSpec,
  LayerSpec,
  LinearAttentionSpec,
  Mamba2Spec,
  MixerSpec,
  MlaSpec,
  MoeSpec,
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

export const alibi: AttentionSpec = { ...full, heads: 6, position: { kind: "alibi" } };
export const latent: MlaSpec = { kind: "mla", heads: 3, kvRank: 12, nopeDim: 6, ropeDim: 4, valueDim: 5 };
export const compressed: MlaSpec = { ...latent, queryRank: 10 };
export const mamba2: Mamba2Spec = { kind: "mamba2", heads: 4, headDim: 8, stateDim: 6 };
export const groupedMamba2: Mamba2Spec = { ...mamba2, groups: 2, convolution: 3, timeStepLimit: [0.02, 0.7] };
export const channelGated: LinearAttentionSpec = { ...plain, rule: "gated", decay: "channel" };
export const channelGatedDelta: LinearAttentionSpec = { ...gatedDelta, decay: "channel" };

export const mixture: MoeSpec = { kind: "moe", experts: 4, topK: 2, intermediateSize: 12, normalise: true };
export const groupedMixture: MoeSpec = {
  ...mixture,
  ...{ experts: 6, topK: 3, normalise: false, routedScale: 2.5 },
  groups: { count: 3, topK: 2 },
};
