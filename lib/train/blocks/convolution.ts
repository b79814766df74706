/** Trainable gated short convolution, as LFM2 has it. */
import type { Tensor } from "../ops.ts";
import { causalConvolution } from "../token_ops.ts";
import { linear, type TrainPlace } from "./place.ts";

/** o(c * conv(b * x)) with b, c and x from one matrix: [batch * tokens, hiddenSize] in and out. */
export function gatedConvolution(place: TrainPlace, hidden: Tensor): Tensor {
  const { ops, parameter, batch, tokens } = place, kernel = parameter("convolution"), [D, taps] = kernel.dims;
  const [b, c, x] = ops.split(linear(place, hidden, "in"), [D, D, D], 1);
  const sequences = ops.reshape(ops.mul(b, x), [batch, tokens, D]);
  const convolved = causalConvolution(ops, sequences, ops.reshape(kernel, [D, 1, taps]));
  return linear(place, ops.mul(c, ops.reshape(convolved, [batch * tokens, D])), "o");
}
