/** What a training graph does along the tokens beside attention, each differentiated by one rule. */
import { MS } from "../onnx/graph_builder.ts";
import type { Ops, Tensor } from "./ops.ts";

/** Tables of rotary positions, [positions, pairs] each, and the position of each token, int64 [batch, tokens]. */
export interface Rotation {
  positions: Tensor;
  cos: Tensor;
  sin: Tensor;
}

/** Rotary positions of the first 2 * pairs of every head's dimensions: [batch, heads, tokens, headDim] in and out. */
export function rotate(ops: Ops, x: Tensor, { positions, cos, sin }: Rotation): Tensor {
  const dims = 2 * cos.dims[1], [, heads, , headDim] = x.dims;
  const partial: Record<string, number> = dims < headDim ? { rotary_embedding_dim: dims, num_heads: heads } : {};
  return ops.emit("RotaryEmbedding", [x, positions, cos, sin], [x.dims], { domain: MS, attributes: partial })[0];
}

/** Each channel of [batch, tokens, channels] with its own kernel, [channels, 1, taps], over the tokens up to its own. */
export function causalConvolution(ops: Ops, x: Tensor, kernel: Tensor): Tensor {
  const [batch, , channels] = x.dims, state = [batch, kernel.dims[2] - 1, channels];
  const attributes = { activation: "none", channels_last: 1 };
  return ops.emit("CausalConvWithState", [x, kernel], [x.dims, state], { domain: MS, attributes })[0];
}

/**
 * (I + A)^-1 of lower triangular matrices [..., n, n] with zeros on and above the diagonal: block by block, twice as
 * large each time, from [P 0; R Q]^-1 = [P^-1 0; -Q^-1 R P^-1 Q^-1]. Unlike the product of the powers of A it loses no
 * digits where keys repeat.
 */
export function unitLowerInverse(ops: Ops, a: Tensor): Tensor {
  const n = a.dims.at(-1)!, out = ops.silent();
  let inverse = out.sub(square((i, j) => i === j), out.mul(a, below(1)));
  for (let block = 2; block < n; block *= 2) {
    const corner = out.mul(a, below(block));
    inverse = out.sub(inverse, out.matMul(out.matMul(inverse, corner), inverse));
  }
  ops.record({ op: "UnitLowerInverse", inputs: [a], outputs: [inverse], attributes: {}, data: [] });
  return inverse;

  /** The lower left corner of every pair of blocks. */
  function below(block: number): Tensor {
    const of = (i: number) => Math.floor(i / block);
    return square((i, j) => of(i) % 2 === 1 && of(j) === of(i) - 1);
  }

  function square(isOne: (i: number, j: number) => boolean): Tensor {
    return out.constant(Array.from({ length: n * n }, (_, at) => Number(isOne(Math.floor(at / n), at % n))), [n, n]);
  }
}
