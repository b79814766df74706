/** The memory that one forward pass needs beside weights and KV cache. */
import type { ArchSpec, ChannelSpec, MixerSpec } from "../arch/spec.ts";
import { BATCH, PAST, TOKENS } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkOptions } from "../check/options.ts";
import { oneOf } from "../check/rules.ts";

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

export const ACTIVATION_OPTIONS = object<ActivationOptions>({
  tokens: TOKENS,
  past: optional(PAST),
  batch: optional(BATCH),
  logits: optional(oneOf("last", "all")),
});

/**
 * Bytes of the activations that live at once at the widest place of a forward pass, in fp32: the larger of
 * - attention: residual, packed q, k, v, the score matrix [batch, heads, tokens, past + tokens] that onnxruntime's CPU
 *   kernel allocates whole (`gqa_attention_base.h`), and its result;
 * - latent attention: residual, mask, and the scores with their softmax, the queries as wide as the cache with their
 *   result, or the copy of the cache that the new tokens are written to;
 * - linear attention: residual, its norm (the gate reads it last), q, k and v before and after the convolution or their
 *   separation, or the result with its gate; states are counted as such;
 * - Mamba-2: residual, its norm, x, B and C before and after the convolution, or behind it with dt x, dt A and the result;
 * - RWKV-6: residual, its norm, what the token before has more, and its five shares before and after they are used; at
 *   one token keys, values and decays, behind those of the token before and apart from them;
 * - short convolution: residual, and b, c and x before and after their separation;
 * - MLP: residual, its norm, gate, up and their product; RWKV's: what the token before has more, ReLU and its square;
 * - experts: residual, its norm, and the tokens of all routes sorted by expert, or gate and up of them, twice each;
 * - head: residual and logits.
 *
 * Leaves out what an allocator keeps beyond what is live.
 */
export function peakActivationBytes(spec: ArchSpec, options: ActivationOptions): number {
  checkOptions("Cannot estimate activations", options, ACTIVATION_OPTIONS);
  const { tokens, past = 0, batch = 1, logits = "last" } = options;
  const rows = batch * tokens, residual = rows * spec.hiddenSize;
  const stages = spec.layers.flatMap(({ mixer, channel }) => [
    residual + mixerActivations(mixer, spec.hiddenSize, rows, past + tokens, batch),
    2 * residual + channelActivations(channel, spec.hiddenSize, rows),
  ]);
  return 4 * Math.max(...stages, residual + (logits === "all" ? rows : batch) * spec.vocabSize);
}

function mixerActivations(mixer: MixerSpec, hiddenSize: number, rows: number, total: number, batch: number): number {
  switch (mixer.kind) {
    case "attention": {
      const { heads, kvHeads, headDim } = mixer;
      return rows * (heads + 2 * kvHeads) * headDim + rows * heads * total + rows * heads * headDim;
    }
    case "mla": {
      const { heads, kvRank, ropeDim } = mixer, cached = kvRank + ropeDim;
      return rows * total + Math.max(2 * rows * heads * total, 2 * rows * heads * cached, batch * total * cached);
    }
    case "linear": {
      const { heads, keyHeads = heads, keyDim, valueDim } = mixer, values = heads * valueDim;
      return rows * (hiddenSize + Math.max(2 * (2 * keyHeads * keyDim + values), 3 * values));
    }
    case "mamba2": {
      const { heads, headDim, stateDim, groups = 1 } = mixer;
      const inner = heads * headDim, channels = inner + 2 * groups * stateDim;
      return rows * (hiddenSize + Math.max(2 * channels, channels + 2 * inner + heads));
    }
    case "rwkv6":
      return hiddenSize * Math.max(12 * rows, 10 * rows + 3 * batch);
    case "convolution":
      return 6 * rows * hiddenSize;
  }
}

function channelActivations(channel: ChannelSpec, hiddenSize: number, rows: number): number {
  switch (channel.kind) {
    case "none":
      return 0;
    case "rwkv":
      return rows * (hiddenSize + 2 * channel.intermediateSize);
    case "moe": {
      const { topK, intermediateSize, shared } = channel;
      const routed = 2 * topK * Math.max(hiddenSize, 2 * intermediateSize);
      return rows * Math.max(routed, shared ? hiddenSize + 4 * shared.intermediateSize : 0);
    }
    default:
      return 3 * rows * channel.intermediateSize;
  }
}
