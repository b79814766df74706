/** The memory that one forward pass needs beside weights and KV cache. */
import type { ArchSpec } from "../arch/spec.ts";
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
  const stages = spec.layers.flatMap(({ mixer, channel }) => {
    const { heads, kvHeads, headDim } = mixer;
    const qkv = rows * (heads + 2 * kvHeads) * headDim, scores = rows * heads * (past + tokens);
    return [
      residual + qkv + scores + rows * heads * headDim,
      2 * residual + 3 * rows * channel.intermediateSize,
    ];
  });
  return 4 * Math.max(...stages, residual + (logits === "all" ? rows : batch) * spec.vocabSize);
}
