/** What mixing tokens costs beside the products with weights, by the kind of mixer. One sequence, FLOPs. */
import type { LinearAttentionSpec, Mamba2Spec, MixerSpec, Rwkv6Spec } from "../arch/spec.ts";
import { attentionPairs } from "./attention_pairs.ts";
import type { FlopsConvention } from "./flops_convention.ts";

/**
 * Matrix work between tokens.
 * - attention: scores and weighted values, 4 heads headDim for each pair of query and key
 * - latent attention: as published, with the keys and values that each head makes of the latents (a product with
 *   weights); as executed, absorbed, with the cached vectors themselves as keys and values, 4 heads (kvRank + ropeDim)
 * - recurrent: reading and updating each head's state, 2 keyDim valueDim each; a delta rule reads it once more
 */
export function mixingFlops(mixer: MixerSpec, tokens: number, past: number, convention: FlopsConvention): number {
  switch (mixer.kind) {
    case "attention":
      return 4 * mixer.heads * mixer.headDim * pairsOf(mixer, tokens, past, convention);
    case "mla": {
      const { heads, kvRank, nopeDim, ropeDim, valueDim } = mixer;
      const width = convention === "executed" ? 2 * (kvRank + ropeDim) : nopeDim + ropeDim + valueDim;
      return 2 * heads * width * pairsOf(mixer, tokens, past, convention);
    }
    case "linear":
      return 2 * touches(mixer) * mixer.heads * mixer.keyDim * mixer.valueDim * tokens;
    case "mamba2":
      return 4 * mixer.heads * mixer.headDim * mixer.stateDim * tokens;
    case "rwkv6":
      return 4 * mixer.heads * mixer.headDim ** 2 * tokens;
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

/**
 * Element-wise work: softmax 5 a score, a bias on it 1, rotary positions 3 a number, a norm 7, SiLU 2 and
 * its product 1, a decayed state 1 a number.
 */
export function mixingElementwise(mixer: MixerSpec, tokens: number, pairs: number, hiddenSize: number): number {
  switch (mixer.kind) {
    case "attention":
      return 5 * mixer.heads * pairs + 3 * tokens * mixer.headDim * (mixer.heads + mixer.kvHeads);
    case "mla": {
      const { heads, queryRank = 0, kvRank, ropeDim } = mixer;
      return 6 * heads * pairs + tokens * (3 * ropeDim * (heads + 1) + 7 * (queryRank + kvRank));
    }
    case "linear":
      return tokens * linearElementwise(mixer);
    case "mamba2":
      return tokens * mamba2Elementwise(mixer);
    case "rwkv6":
      return tokens * rwkv6Elementwise(mixer);
    case "convolution":
      return 2 * tokens * hiddenSize; // b * x and c * conv
  }
}

/** Of a token, as the graph has it: a decay from the input is a bias, softplus 2 and a factor for each of its rates. */
function linearElementwise(mixer: LinearAttentionSpec): number {
  const { rule, heads, keyHeads = heads, keyDim, valueDim, decay, position, outputGate = true } = mixer;
  const isDelta = rule === "delta" || rule === "gated_delta", { normalise = isDelta } = mixer;
  const keys = 2 * keyHeads * keyDim, values = heads * valueDim;
  const rotated = position?.kind === "rope" ? 2 * keyHeads * (position.dims ?? keyDim) : 0;
  const rates = decay === "mamba" ? heads : decay === "channel" ? heads * keyDim : 0;
  return (mixer.convolution ? 2 * (keys + values) : 0) + (normalise ? 7 * keys : 0) + 3 * rotated + 4 * rates +
    (decay ? heads * keyDim * valueDim : 0) + (isDelta ? heads : 0) + (outputGate ? 10 : 7) * values;
}

/**
 * Of a token, as the graph has it: the convolution's bias and SiLU 3 a channel; the time step's bias, softplus, limits
 * and product with A; the decayed state; and of a channel of the heads dt x 1, the skip 2, the gate 3 and its norm.
 */
function mamba2Elementwise({ heads, headDim, stateDim, groups = 1, timeStepLimit }: Mamba2Spec): number {
  const inner = heads * headDim, perChannel = 6 + (groups > 1 ? 8 : 7);
  return 3 * (inner + 2 * groups * stateDim) + (timeStepLimit ? 4 : 3) * heads + (stateDim + perChannel) * inner;
}

/**
 * Of a token, as the graph has it: the token before 3 a channel, its five shares 15, the decay 3, the decayed state,
 * what a token reads of itself 5, the norm of the heads 7, the gate 3; and the activations inside of the low ranks.
 */
function rwkv6Elementwise({ heads, headDim, mixRank = 32, decayRank = 64 }: Rwkv6Spec): number {
  return (36 + headDim) * heads * headDim + 5 * mixRank + decayRank;
}
