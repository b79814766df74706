/** Where a part of an architecture stands in a training graph. */
import type { ArchSpec } from "../../arch/spec.ts";
import type { Ops, Tensor } from "../ops.ts";
import { causalConvolution, type Rotation } from "../token_ops.ts";

export interface TrainPlace {
  ops: Ops;
  spec: ArchSpec;
  batch: number;
  tokens: number;
  /** A parameter of this layer: [rows, cols], or [cols] for a vector. */
  parameter(name: string): Tensor;
  /** The layer's rotary positions; null where it has none. */
  rotation: Rotation | null;
}

/** x W^T for a matrix as published, [outputs, inputs]. */
export function linear({ ops, parameter }: TrainPlace, x: Tensor, name: string): Tensor {
  return ops.matMul(x, parameter(name), { transB: true });
}

/** [batch * tokens, heads * headDim] -> [batch, heads, tokens, headDim] */
export function byHead({ ops, batch, tokens }: TrainPlace, x: Tensor, headDim: number): Tensor {
  return ops.transpose(ops.reshape(x, [batch, tokens, x.dims[1] / headDim, headDim]), [0, 2, 1, 3]);
}

/** [batch, heads, tokens, headDim] -> [batch * tokens, heads * headDim] */
export function byToken({ ops, batch, tokens }: TrainPlace, x: Tensor): Tensor {
  return ops.reshape(ops.transpose(x, [0, 2, 1, 3]), [batch * tokens, x.dims[1] * x.dims[3]]);
}

/** [batch * tokens, heads] -> [batch, heads, tokens] */
export function perHead({ ops, batch, tokens }: TrainPlace, x: Tensor): Tensor {
  return ops.transpose(ops.reshape(x, [batch, tokens, x.dims[1]]), [0, 2, 1]);
}

/** Heads [batch, some, tokens, width] that stand for all, each as often as heads share it, side by side. */
export function forHeads({ ops }: TrainPlace, x: Tensor, heads: number): Tensor {
  const [batch, some, tokens, width] = x.dims;
  if (some === heads) return x;
  const shared = ops.reshape(x, [batch, some, 1, tokens, width]);
  const copies = ops.expand(shared, [batch, some, heads / some, tokens, width]);
  return ops.reshape(copies, [batch, heads, tokens, width]);
}

/** The layer's causal convolution over each sequence, without a bias: [batch * tokens, channels] in and out. */
export function convolved({ ops, parameter, batch, tokens }: TrainPlace, x: Tensor): Tensor {
  const kernel = parameter("convolution"), [channels, taps] = kernel.dims;
  const sequences = ops.reshape(x, [batch, tokens, channels]);
  const y = causalConvolution(ops, sequences, ops.reshape(kernel, [channels, 1, taps]));
  return ops.reshape(y, [batch * tokens, channels]);
}
