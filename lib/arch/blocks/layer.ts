/** The blocks and norms of a layer, and everything that a spec has to be filled with. */
import type { ArchSpec, ChannelSpec, LayerSpec, MixerSpec } from "../spec.ts";
import { attention } from "./attention.ts";
import { type Block, matrix, type Parameter, type StateShape, vector } from "./block.ts";
import { convolution } from "./convolution.ts";
import { linearAttention } from "./linear_attention.ts";
import { mamba2 } from "./mamba2.ts";
import { mla } from "./mla.ts";
import { gatedMlp, mlp } from "./mlp.ts";
import { moe } from "./moe.ts";
import { normParameters } from "./norm.ts";
import { rwkv6 } from "./rwkv6.ts";
import { rwkvChannel } from "./rwkv_channel.ts";

/** Names of the norms that a layer has, by its placement. */
export type NormName = "mixerNorm" | "channelNorm" | "mixerPostNorm" | "channelPostNorm";

export interface LayerBlocks {
  norms: NormName[];
  mixer: Block;
  channel: Block;
}

const IDENTITY: Block = {
  parameters: [],
  states: [],
  pack: () => Promise.resolve({}),
  emit: () => {
    throw new TypeError("A channel mixer of kind none has no nodes");
  },
};

export function layerBlocks(spec: ArchSpec, layer: LayerSpec): LayerBlocks {
  return { norms: normNames(layer), mixer: mixerBlock(spec, layer.mixer), channel: channelBlock(spec, layer.channel) };
}

function mixerBlock(spec: ArchSpec, mixer: MixerSpec): Block {
  switch (mixer.kind) {
    case "attention":
      return attention(spec, mixer);
    case "linear":
      return linearAttention(spec, mixer);
    case "mamba2":
      return mamba2(spec, mixer);
    case "convolution":
      return convolution(spec, mixer);
    case "mla":
      return mla(spec, mixer);
    case "rwkv6":
      return rwkv6(spec, mixer);
  }
}

function channelBlock(spec: ArchSpec, channel: ChannelSpec): Block {
  switch (channel.kind) {
    case "swiglu":
    case "geglu":
      return gatedMlp(spec, channel);
    case "gelu":
    case "gelu_erf":
    case "relu":
    case "relu2":
      return mlp(spec, channel);
    case "moe":
      return moe(spec, channel);
    case "rwkv":
      return rwkvChannel(spec, channel);
    case "none":
      return IDENTITY;
  }
}

function normNames({ placement = "pre", channel }: LayerSpec): NormName[] {
  const both = channel.kind !== "none";
  switch (placement) {
    case "pre":
    case "parallel":
      return both ? ["mixerNorm", "channelNorm"] : ["mixerNorm"];
    case "parallel_shared":
      return ["mixerNorm"];
    case "post":
      return both ? ["mixerPostNorm", "channelPostNorm"] : ["mixerPostNorm"];
    case "sandwich":
      return both ? ["mixerNorm", "mixerPostNorm", "channelNorm", "channelPostNorm"] : ["mixerNorm", "mixerPostNorm"];
  }
}

/** What a layer is filled with. */
export function layerParameters(spec: ArchSpec, layer: LayerSpec): Parameter[] {
  const { norms, mixer, channel } = layerBlocks(spec, layer);
  return [
    ...norms.flatMap((name) => normParameters(spec.norm, name, spec.hiddenSize)),
    ...mixer.parameters,
    ...channel.parameters,
  ];
}

/** What a model is filled with outside its layers; a tied head is the embedding. */
export function modelParameters(spec: ArchSpec): Parameter[] {
  const { vocabSize, hiddenSize, contextLength } = spec;
  return [
    matrix("embedding", vocabSize, hiddenSize),
    ...(spec.embeddingNorm ? normParameters(spec.norm, "embeddingNorm", hiddenSize) : []),
    ...(spec.position.kind === "learned" ? [positions(contextLength, hiddenSize)] : []),
    ...normParameters(spec.norm, "finalNorm", hiddenSize),
    ...(spec.tiedHead ? [] : [matrix("head", vocabSize, hiddenSize)]),
    ...(spec.headBias ? [vector("headBias", vocabSize, "zeros")] : []),
  ];
}

/** Learned positions: a table that is looked up, never multiplied. */
function positions(contextLength: number, hiddenSize: number): Parameter {
  return { name: "positions", rows: contextLength, cols: hiddenSize, role: "vector", init: "normal" };
}

/** The states that a layer carries from run to run. */
export function layerStates(spec: ArchSpec, layer: LayerSpec): StateShape[] {
  const { mixer, channel } = layerBlocks(spec, layer);
  return [...mixer.states, ...channel.states];
}
