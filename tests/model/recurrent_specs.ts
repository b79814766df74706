/** Small architectures with recurrent layers, alone and between attention. */
import type { ArchSpec, ChannelSpec, LayerSpec, MixerSpec } from "../../lib/arch/spec.ts";

const swiglu: ChannelSpec = { kind: "swiglu", intermediateSize: 96 };
const rope = { kind: "rope" as const, theta: 10000 };
const mixers = {
  gatedDelta: {
    kind: "linear",
    rule: "gated_delta",
    heads: 4,
    keyHeads: 2,
    keyDim: 16,
    valueDim: 16,
    decay: "mamba",
    convolution: 4,
  },
  delta: { kind: "linear", rule: "delta", heads: 4, keyDim: 16, valueDim: 16, convolution: 4 },
  gla: { kind: "linear", rule: "gated", heads: 2, keyDim: 16, valueDim: 32, decay: "channel" },
  retnet: { kind: "linear", rule: "gated", heads: 4, keyDim: 16, valueDim: 16, decay: "retnet", position: rope },
  mamba2: { kind: "mamba2", heads: 8, headDim: 16, stateDim: 16, groups: 2 },
  convolution: { kind: "convolution", kernel: 3 },
  rwkv6: { kind: "rwkv6", heads: 4, headDim: 16, mixRank: 8, decayRank: 8 },
  full: { kind: "attention", heads: 4, kvHeads: 2, headDim: 16, position: rope },
  window: { kind: "attention", heads: 4, kvHeads: 2, headDim: 16, window: 5, position: rope },
  latent: { kind: "mla", heads: 4, kvRank: 32, nopeDim: 32, ropeDim: 8, valueDim: 32, position: rope },
} satisfies Record<string, MixerSpec>;

function spec(name: string, layers: LayerSpec[]): ArchSpec {
  return {
    name,
    vocabSize: 258,
    hiddenSize: 64,
    contextLength: 256,
    layers,
    norm: { kind: "rmsnorm", epsilon: 1e-5 },
    position: { kind: "none" },
    tiedHead: true,
  };
}

const experts: ChannelSpec = { kind: "moe", experts: 4, topK: 2, intermediateSize: 32, normalise: true };

const stack = (...kinds: (keyof typeof mixers)[]) =>
  kinds.map((kind): LayerSpec => ({ mixer: mixers[kind], channel: swiglu }));

const rwkv: ChannelSpec = { kind: "rwkv", intermediateSize: 96 };

/** By name; those whose name has no `+` have no attention at all. */
export const recurrentSpecs: Record<string, ArchSpec> = {
  "gated DeltaNet": spec("gated DeltaNet", stack("gatedDelta", "gatedDelta")),
  "DeltaNet": spec("DeltaNet", stack("delta", "delta")),
  "GLA": spec("GLA", stack("gla", "gla")),
  "RetNet": spec("RetNet", stack("retnet", "retnet")),
  "Mamba-2": spec("Mamba-2", [1, 2, 3].map(() => ({ mixer: mixers.mamba2, channel: { kind: "none" } }))),
  "short convolutions": spec("short convolutions", stack("convolution", "convolution")),
  "RWKV-6": spec("RWKV-6", stack("rwkv6", "rwkv6").map((layer) => ({ ...layer, channel: rwkv }))),
  "RWKV-6 + attention": spec("RWKV-6 + attention", [
    ...stack("full", "rwkv6"),
    { mixer: mixers.rwkv6, channel: rwkv },
    { mixer: mixers.full, channel: rwkv },
  ]),
  "gated DeltaNet + attention": spec("gated DeltaNet + attention", stack("gatedDelta", "gatedDelta", "full")),
  "gated DeltaNet + latent attention, experts": spec(
    "gated DeltaNet + latent attention, experts",
    stack("latent", "gatedDelta", "latent").map((layer) => ({ ...layer, channel: experts })),
  ),
  "attention + all recurrences": spec("attention + all recurrences", [
    ...stack("full", "retnet", "window"),
    { mixer: mixers.mamba2, channel: { kind: "none" } },
    ...stack("convolution", "gla", "full", "delta"),
  ]),
};
