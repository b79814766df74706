/** Trainable linear attention: all four rules, with no decay, a computed or a constant one. */
import { LENGTH_EPSILON } from "../../arch/blocks/linear_attention.ts";
import { retnetDecays } from "../../arch/blocks/decay.ts";
import type { LinearAttentionSpec } from "../../arch/spec.ts";
import type { Tensor } from "../ops.ts";
import { causalConvolution, rotate } from "../token_ops.ts";
import { chunkedState } from "./chunked_state.ts";
import { byHead, byToken, linear, type TrainPlace } from "./place.ts";

/** [batch * tokens, hiddenSize] in and out. */
export function linearAttention(place: TrainPlace, mixer: LinearAttentionSpec, x: Tensor): Tensor {
  const { ops, parameter, spec, batch, tokens, rotation } = place;
  const { rule, heads, keyHeads = heads, keyDim, valueDim, outputGate = true } = mixer;
  const isDelta = rule === "delta" || rule === "gated_delta", { normalise = isDelta } = mixer;
  const keys = keyHeads * keyDim, values = heads * valueDim, rows = batch * tokens;
  const [qk, v] = ops.split(projected(), [2 * keys, values], 1);
  let qkHeads = byHead(place, qk, keyDim);
  if (normalise) {
    const unit = ops.constant(new Array(keyDim).fill(keyDim ** -0.5));
    qkHeads = ops.rmsNorm(qkHeads, unit, LENGTH_EPSILON / keyDim);
  }
  if (rotation) qkHeads = rotate(ops, qkHeads, rotation);
  const [query, key] = ops.split(qkHeads, [keyHeads, keyHeads], 1).map(forAllHeads);
  const mixed = chunkedState(ops, {
    query,
    key,
    value: byHead(place, v, valueDim),
    logDecay: mixer.decay ? perHead(logDecay()) : null,
    beta: isDelta ? perHead(ops.unary("Sigmoid", linear(place, x, "beta"))) : null,
    scale: keyDim ** -0.5,
  });
  const normed = byToken(place, ops.rmsNorm(mixed, parameter("norm"), spec.norm.epsilon));
  return linear(place, outputGate ? ops.mul(normed, ops.silu(linear(place, x, "outputGate"))) : normed, "o");

  /** Queries, keys and values side by side, [batch * tokens, 2 * keys + values]. */
  function projected(): Tensor {
    const packed = ops.matMul(x, ops.concat(["q", "k", "v"].map(parameter), 0), { transB: true });
    if (!mixer.convolution) return packed;
    const kernel = parameter("convolution"), [channels, taps] = kernel.dims;
    const sequences = ops.reshape(packed, [batch, tokens, channels]);
    const convolved = causalConvolution(ops, sequences, ops.reshape(kernel, [channels, 1, taps]));
    return ops.reshape(ops.silu(convolved), [rows, channels]);
  }

  /** Queries or keys for every head of the values. */
  function forAllHeads(y: Tensor): Tensor {
    if (keyHeads === heads) return y;
    const shared = ops.reshape(y, [batch, keyHeads, 1, tokens, keyDim]);
    const copies = ops.expand(shared, [batch, keyHeads, heads / keyHeads, tokens, keyDim]);
    return ops.reshape(copies, [batch, heads, tokens, keyDim]);
  }

  /** [batch * tokens, heads] -> [batch, heads, tokens] */
  function perHead(y: Tensor): Tensor {
    return ops.transpose(ops.reshape(y, [batch, tokens, heads]), [0, 2, 1]);
  }

  function logDecay(): Tensor {
    if (mixer.decay === "retnet") return ops.expand(ops.constant(retnetDecays(heads)), [rows, heads]);
    const rate = ops.unary("Softplus", ops.add(linear(place, x, "decay"), parameter("dtBias")));
    return ops.unary("Neg", ops.mul(rate, ops.unary("Exp", parameter("aLog"))));
  }
}
