/**
 * What a part of a layer (a mixer of tokens, a mixer of channels, a norm) is to the rest of the library: the parameters
 * that it has, the state that it keeps from token to token, how its weights are packed, and the nodes that it becomes.
 */
import type { Nodes } from "../nodes.ts";
import type { PackedLinear, PackedTensor, Packer } from "../packer.ts";
import type { Matrix } from "../quant_blocks.ts";

/** A matrix of the weights, as published: [rows = outputs][cols = inputs]. */
export interface Parameter {
  /** Name within its layer, the same for every source of weights. */
  name: string;
  rows: number;
  cols: number;
  /**
   * `matrix`: multiplies activations, and takes the model's precision. `exact`: multiplies activations, but is kept in
   * fp32. `convolution`: a depthwise kernel, [channels][taps]. `vector`: norms, biases and the like, kept in fp32.
   */
  role: "matrix" | "exact" | "convolution" | "vector";
  /** Random weights: `normal` with deviation cols ** -0.5, or what the architecture's authors start from. */
  init: "normal" | "ones" | "zeros" | "decay" | "time_step" | "fraction" | "decay_rate";
  /** Part of it that one token is multiplied by: topK / experts. Default 1. */
  share?: number;
}

export const matrix = (name: string, rows: number, cols: number, share = 1): Parameter => ({
  name,
  rows,
  cols,
  role: "matrix",
  init: "normal",
  ...(share === 1 ? {} : { share }),
});
/** A matrix that stays in fp32: a rank that is too narrow for blocks of 32. */
export const exact = (name: string, rows: number, cols: number): Parameter => ({
  ...matrix(name, rows, cols),
  role: "exact",
});
export const vector = (name: string, cols: number, init: Parameter["init"] = "ones"): Parameter => ({
  name,
  rows: 1,
  cols,
  role: "vector",
  init,
});
export const convolution = (name: string, channels: number, taps: number): Parameter => ({
  name,
  rows: channels,
  cols: taps,
  role: "convolution",
  init: "normal",
});

/** A tensor that a layer hands from one run to the next; its mixer and its channel mixer have different ones. */
export interface StateShape {
  name: "key" | "value" | "latent" | "state" | "convolution" | "shift" | "pending" | "channelShift";
  /** Without the batch; "slots" grows by one with every token. */
  dims: (number | "slots")[];
  type: "float32" | "int8";
}

export type PackedPart = Record<string, PackedLinear | PackedTensor | PackedLinear[] | null>;

/** Reads a layer's parameters by name. */
export type ReadParameter = (name: string) => Promise<Matrix>;

export interface Block<P extends PackedPart = PackedPart> {
  readonly parameters: Parameter[];
  readonly states: StateShape[];
  /** Put the weights in the form that the nodes read. */
  pack(read: ReadParameter, packer: Packer): Promise<P>;
  /** Emit the nodes: float32 [batch, tokens, hiddenSize] in, the same out. */
  emit(at: Place, weights: P, x: string): string;
}

/** Where a block's nodes stand. */
export interface Place {
  nodes: Nodes;
  inputs: DecoderInputs;
  layer: number;
  /** The tables of the layer's rotary positions, float32 [contextLength, dims / 2] each; null where it has none. */
  rope(): { cos: string; sin: string } | null;
}

/** Queries, keys and values [batch, tokens, heads * headDim]; packed side by side in `query` where the others are "". */
export interface AttentionOperands {
  query: string;
  key: string;
  value: string;
}

/** What the graph around the decoder gives its blocks: names of values. */
export interface DecoderInputs {
  /** int64 [batch, tokens] */
  ids: string;
  /** Emits the softmax attention of a layer of kind `attention`: heads [batch, tokens, heads * headDim] come out. */
  attend(layer: number, operands: AttentionOperands): string;
  /** A state of a layer before and after this run. */
  state(layer: number, name: StateShape["name"]): { past: string; present: string };
  /** int64 [batch, tokens]: where each new token stands in its sequence. */
  positions(): string;
  /** int64 [batch, tokens]: the slot of the growing states that each new token is written to. */
  slots(): string;
  /** int64 [1, total slots]: where the token in each slot stands in its sequence. */
  keyPositions(): string;
  /** float32 [batch or 1, 1, tokens, total slots]: 0 where a token sees a slot, the lowest float elsewhere. */
  bias(visible: Visible): string;
}

/** Which tokens before it a token sees: all, or a window and the sequence's first ones. */
export interface Visible {
  window?: number;
  sinks?: number;
}
