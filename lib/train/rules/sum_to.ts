/** The way back through broadcasting. */
import type { Ops, Tensor } from "../ops.ts";

/** The gradient of an operand that was broadcast: summed over the axes that it did not have, or had as 1. */
export function sumTo(ops: Ops, gradient: Tensor, dims: readonly number[]): Tensor {
  if (String(gradient.dims) === String(dims)) return gradient;
  const extra = gradient.dims.length - dims.length;
  const axes = gradient.dims.map((n, i) => i < extra || n !== dims[i - extra] ? i : -1).filter((i) => i >= 0);
  return ops.reshape(ops.reduceSum(gradient, axes), [...dims]);
}
