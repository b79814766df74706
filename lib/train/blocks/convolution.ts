/** Trainable gated short convolution, as LFM2 has it. */
import type { Tensor } from "../ops.ts";
import { convolved, linear, type TrainPlace } from "./place.ts";

/** o(c * conv(b * x)) with b, c and x from one matrix: [batch * tokens, hiddenSize] in and out. */
export function gatedConvolution(place: TrainPlace, hidden: Tensor): Tensor {
  const { ops } = place, [, D] = hidden.dims;
  const [b, c, x] = ops.split(linear(place, hidden, "in"), [D, D, D], 1);
  return linear(place, ops.mul(c, convolved(place, ops.mul(b, x))), "o");
}
