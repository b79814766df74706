/** What FLOPs are asked of: a prompt and the decoding behind it, or one pass. */
import { BATCH, PAST, TOKENS } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { oneOf } from "../check/rules.ts";
import { CONVENTION, type FlopsConvention } from "./flops_convention.ts";

export interface FlopsOptions {
  /** Tokens of each prompt. */
  promptTokens: number;
  /** Output tokens of each sequence, counting the one that prefill gives: newTokens - 1 decode steps. Default 1. */
  newTokens?: number;
  /** Sequences. Default 1. */
  batch?: number;
  /** Prompt rows that the head runs on. Default "last". */
  logits?: "all" | "last";
  /** Default "causal". */
  convention?: FlopsConvention;
}

export interface LayerFlopsOptions {
  /** New tokens of each sequence. */
  tokens: number;
  /** Tokens in the KV cache. Default 0. */
  past?: number;
  /** Sequences. Default 1. */
  batch?: number;
  /** Default "causal". */
  convention?: FlopsConvention;
}

export const LOGITS = oneOf("all", "last");
export const FLOPS_OPTIONS = object<FlopsOptions>({
  promptTokens: TOKENS,
  newTokens: optional(TOKENS),
  batch: optional(BATCH),
  logits: optional(LOGITS),
  convention: optional(CONVENTION),
});
export const LAYER_FLOPS_OPTIONS = object<LayerFlopsOptions>({
  tokens: TOKENS,
  past: optional(PAST),
  batch: optional(BATCH),
  convention: optional(CONVENTION),
});
