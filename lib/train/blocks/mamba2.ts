/** Trainable Mamba-2: gated linear attention chunk by chunk, with C, B and dt x for queries, keys and values. */
import type { Mamba2Spec } from "../../arch/spec.ts";
import type { Tensor } from "../ops.ts";
import { chunkedState } from "./chunked_state.ts";
import { byHead, byToken, convolved, forHeads, linear, perHead, type TrainPlace } from "./place.ts";

/** [batch * tokens, hiddenSize] in and out. */
export function mamba2(place: TrainPlace, mixer: Mamba2Spec, hidden: Tensor): Tensor {
  const { ops, parameter, spec, batch, tokens } = place;
  const { heads, headDim, stateDim, groups = 1, timeStepLimit } = mixer;
  const inner = heads * headDim, shared = groups * stateDim, rows = batch * tokens;
  const channels = ops.add(convolved(place, linear(place, hidden, "xbc")), parameter("convolutionBias"));
  const [x, b, c] = ops.split(ops.silu(channels), [inner, shared, shared], 1);
  const step = perHead(place, timeStep()), values = byHead(place, x, headDim);
  const read = chunkedState(ops, {
    query: forHeads(place, byHead(place, c, stateDim), heads),
    key: forHeads(place, byHead(place, b, stateDim), heads),
    value: ops.mul(values, ops.reshape(step, [batch, heads, tokens, 1])),
    logDecay: ops.unary("Neg", ops.mul(step, ops.reshape(ops.unary("Exp", parameter("aLog")), [heads, 1]))),
    beta: null,
    scale: 1,
  });
  const mixed = ops.add(read, ops.mul(values, ops.reshape(parameter("skip"), [heads, 1, 1])));
  return linear(place, normed(ops.mul(byToken(place, mixed), ops.silu(linear(place, hidden, "z")))), "o");

  /** [batch * tokens, heads] */
  function timeStep(): Tensor {
    const step = ops.unary("Softplus", ops.add(linear(place, hidden, "dt"), parameter("dtBias")));
    return timeStepLimit ? ops.clip(step, ...timeStepLimit) : step;
  }

  /** The mean of squares is over a group of heads, the weight has all of them. */
  function normed(value: Tensor): Tensor {
    if (groups === 1) return ops.rmsNorm(value, parameter("norm"), spec.norm.epsilon);
    const size = inner / groups, ones = ops.constant(new Array(size).fill(1));
    const unit = ops.rmsNorm(ops.reshape(value, [rows, groups, size]), ones, spec.norm.epsilon);
    return ops.mul(ops.reshape(unit, [rows, inner]), parameter("norm"));
  }
}
