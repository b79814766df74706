/** The memory that one forward pass needs beside weights and KV cache. */
import type { ArchSpec, ChannelSpec, MixerSpec } from "../arch/spec.ts";
import { requireCount } from "./check.ts";

export interface ActivationOptions {
  /** New tokens of each sequence in the pass. */
  tokens: number;
  /** Tokens in the cache before. Default 0. */
  past?: number;
  /** Default 1. */
  batch?: number;
  /** Rows that the head runs on. Default "last". */
  logits?: "last" | "all";
}

/**
 * Bytes of the activations that live at once at the widest place of a forward pass, in fp32: the larger of
 * - attention: residual, packed q, k, v, the score matrix [batch, heads, tokens, past + tokens] that onnxruntime's CPU
 *   kernel allocates whole (`gqa_attention_base.h`), and its result;
 * - MLP: residual, its norm, gate, up and their product;
 * - head: residual and logits.
 *
 * Leaves out what an allocator keeps beyond what is live.
 */
export function peakActivationBytes(spec: ArchSpec, options: ActivationOptions): number {
  const { tokens, past = 0, batch = 1, logits = "last" } = options;
  requireCount("estimate activations", { tokens, batch }, 1);
  requireCount("estimate activations", { past }, 0);
  const rows = batch * tokens, residual = rows * spec.hiddenSize;
  const stages = spec.layers.flatMap(({ mixer, channel }) => [
    residual + mixerActivations(mixer, spec.hiddenSize, rows, past + tokens),
    2 * residual + channelActivations(channel, rows),
  ]);
  return 4 * Math.max(...stages, residual + (logits === "all" ? rows : batch) * spec.vocabSize);
}

function mixerActivations(mixer: MixerSpec, hiddenSize: number, rows: number, total: number): number {
  switch (mixer.kind) {
    case "attention": {
      const { heads, kvHeads, headDim } = mixer;
      return rows * (heads + 2 * kvHeads) * headDim + rows * heads * total + rows * heads * headDim;
    }
    case "mla": {
      const { heads, kvRank, nopeDim, ropeDim } = mixer;
      return rows * heads * (nopeDim + ropeDim + kvRank) + rows * (kvRank + ropeDim) + 2 * rows * heads * total;
    }
    case "linear": {
      const { heads, keyHeads = heads, keyDim, valueDim } = mixer;
      return rows * (2 * keyHeads * keyDim + 3 * heads * valueDim);
    }
    case "mamba2": {
      const { heads, headDim, stateDim, groups = 1 } = mixer;
      return rows * (3 * heads * headDim + 2 * groups * stateDim + 2 * heads * stateDim);
    }
    case "convolution":
      return 4 * rows * hiddenSize;
  }
}

function channelActivations(channel: ChannelSpec, rows: number): number {
  switch (channel.kind) {
    case "none":
      return 0;
    case "moe":
      return rows * (channel.experts + 3 * channel.topK * channel.intermediateSize);
    default:
      return 3 * rows * channel.intermediateSize;
  }
}
