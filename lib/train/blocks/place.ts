/** Where a part of an architecture stands in a training graph. */
import type { ArchSpec } from "../../arch/spec.ts";
import type { Ops, Tensor } from "../ops.ts";
import type { Rotation } from "../token_ops.ts";

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
