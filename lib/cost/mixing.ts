/** What mixing tokens costs beside the products with weights, by the kind of mixer. One sequence, FLOPs. */
import type { LinearAttentionSpec, MixerSpec } from "../arch/spec.ts";
import { attentionPairs } from "./attention_pairs.ts";
import type { FlopsConvention } from "./flops.ts";

/**
 * Matrix work between tokens.
 * - attention: scores and weighted values, 4 heads headDim for each pair of query and key
 * - latent attention, as published: keys and values expanded from the latent, which is a product with weights
 * - recurrent: reading and updating each head's state, 2 keyDim valueDim each; a delta rule reads it once more
 */
export function mixingFlops(mixer: MixerSpec, tokens: number, past: number, convention: FlopsConvention): number {
  switch (mixer.kind) {
    case "attention":
      return 4 * mixer.heads * mixer.headDim * pairsOf(mixer, tokens, past, convention);
    case "mla": {
      const width = mixer.nopeDim + mixer.ropeDim + mixer.valueDim;
      return 2 * mixer.heads * width * pairsOf(mixer, tokens, past, convention);
    }
    case "linear":
      return 2 * touches(mixer) * mixer.heads * mixer.keyDim * mixer.valueDim * tokens;
    case "mamba2":
      return 4 * mixer.heads * mixer.headDim * mixer.stateDim * tokens;
    case "convolution":
      return 0;
  }
}

/** Pairs of a query and a key that are computed; 0 where there are none. */
export function pairsOf(mixer: MixerSpec, tokens: number, past: number, convention: FlopsConvention): number {
  if (mixer.kind !== "attention" && mixer.kind !== "mla") return 0;
  if (convention !== "causal") return tokens * (past + tokens);
  if (mixer.kind === "mla") return attentionPairs(tokens, past, undefined);
  return attentionPairs(tokens, past, mixer.window, mixer.sinks);
}

/** How often a token goes over the state. */
function touches({ rule }: LinearAttentionSpec): number {
  return rule === "delta" || rule === "gated_delta" ? 3 : 2;
}

/** Element-wise work: softmax 5 a score, rotary positions 3 a number, SiLU 3, a decayed state 1 a number. */
export function mixingElementwise(mixer: MixerSpec, tokens: number, pairs: number): number {
  switch (mixer.kind) {
    case "attention":
      return 5 * mixer.heads * pairs + 3 * tokens * mixer.headDim * (mixer.heads + mixer.kvHeads);
    case "mla":
      return 5 * mixer.heads * pairs + 3 * tokens * mixer.ropeDim * (mixer.heads + 1);
    case "linear": {
      const { heads, keyHeads = heads, keyDim, valueDim } = mixer;
      const gate = (mixer.outputGate ?? true) ? 10 * heads * valueDim : 0;
      return tokens * (heads * keyDim * valueDim + 3 * (2 * keyHeads * keyDim + heads * valueDim) + gate);
    }
    case "mamba2":
      return tokens * mixer.heads * mixer.headDim * (mixer.stateDim + 16);
    case "convolution":
      return 0;
  }
}
