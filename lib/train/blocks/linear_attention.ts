/** Trainable linear attention: all four rules, with no decay, a constant one, or one computed for each head or channel. */
import { LENGTH_EPSILON } from "../../arch/blocks/linear_attention.ts";
import { retnetDecays } from "../../arch/blocks/decay.ts";
import type { LinearAttentionSpec } from "../../arch/spec.ts";
import type { Tensor } from "../ops.ts";
import { rotate } from "../token_ops.ts";
import { chunkedState } from "./chunked_state.ts";
import { byHead, byToken, convolved, forHeads, linear, perHead, type TrainPlace } from "./place.ts";

/** The root that GLA takes of its channels' decays (arXiv 2312.06635, section 4.4). */
const ROOT = 16;

/** [batch * tokens, hiddenSize] in and out. */
export function linearAttention(place: TrainPlace, mixer: LinearAttentionSpec, x: Tensor): Tensor {
  const { ops, parameter, spec, batch, tokens, rotation } = place;
  const { rule, heads, keyHeads = heads, keyDim, valueDim, outputGate = true } = mixer;
  const isDelta = rule === "delta" || rule === "gated_delta", { normalise = isDelta } = mixer;
  const keys = keyHeads * keyDim, values = heads * valueDim;
  const [qk, v] = ops.split(projected(), [2 * keys, values], 1);
  let qkHeads = byHead(place, qk, keyDim);
  if (normalise) {
    const unit = ops.constant(new Array(keyDim).fill(keyDim ** -0.5));
    qkHeads = ops.rmsNorm(qkHeads, unit, LENGTH_EPSILON / keyDim);
  }
  if (rotation) qkHeads = rotate(ops, qkHeads, rotation);
  const [query, key] = ops.split(qkHeads, [keyHeads, keyHeads], 1).map((y) => forHeads(place, y, heads));
  const mixed = chunkedState(ops, {
    query,
    key,
    value: byHead(place, v, valueDim),
    logDecay: mixer.decay ? logDecay() : null,
    beta: isDelta ? perHead(place, ops.unary("Sigmoid", linear(place, x, "beta"))) : null,
    scale: keyDim ** -0.5,
  });
  const normed = byToken(place, ops.rmsNorm(mixed, parameter("norm"), spec.norm.epsilon));
  return linear(place, outputGate ? ops.mul(normed, ops.silu(linear(place, x, "outputGate"))) : normed, "o");

  /** Queries, keys and values side by side, [batch * tokens, 2 * keys + values]. */
  function projected(): Tensor {
    const packed = ops.matMul(x, ops.concat(["q", "k", "v"].map(parameter), 0), { transB: true });
    return mixer.convolution ? ops.silu(convolved(place, packed)) : packed;
  }

  /** [batch, heads, tokens], or [batch, heads, tokens, keyDim] where each channel has its own. */
  function logDecay(): Tensor {
    if (mixer.decay === "retnet") {
      return ops.expand(ops.constant(retnetDecays(heads), [heads, 1]), [batch, heads, tokens]);
    }
    if (mixer.decay === "channel") {
      const z = ops.add(linear(place, linear(place, x, "decayDown"), "decayUp"), parameter("decayBias"));
      const opposite = ops.unary("Softplus", ops.unary("Neg", z)); // -ln sigmoid(z)
      return forHeads(place, byHead(place, ops.mul(opposite, ops.scalar(-1 / ROOT)), keyDim), heads);
    }
    const rate = ops.unary("Softplus", ops.add(linear(place, x, "decay"), parameter("dtBias")));
    return perHead(place, ops.unary("Neg", ops.mul(rate, ops.unary("Exp", parameter("aLog")))));
  }
}
