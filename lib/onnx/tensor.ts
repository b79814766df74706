/** A tensor during shape inference: its shape in numbers, and its values where they are small and known. */
import { elementCount } from "./tensor_types.ts";

export interface Tensor {
  type: string;
  dims: number[];
  /** Row-major; null where they are not known or too many. */
  values: Float64Array | null;
  /** Whether it follows from the weights alone: a runtime computes it once, when the model is opened. */
  constant: boolean;
  /** The initialiser that it is, or whose elements it shows in another shape. */
  weight: string | null;
}

/** A tensor whose shape is not known, and why. */
export interface Unknown {
  reason: string;
}
export type Known = Tensor | Unknown;

export function isKnown(x: Known): x is Tensor {
  return !("reason" in x);
}

/** Values are followed up to this many elements: shapes, positions, and the masks of some thousand tokens. */
export const VALUES_LIMIT = 2 ** 22;

/** What stands in the way of a node's shape: said in the list of what is not known. */
export class NotKnown extends Error {}

/** A tensor that is not from weights; `values` makes its values, and is called only where they are few enough. */
export function tensor(type: string, dims: number[], values?: (() => Float64Array) | null): Tensor {
  const elements = elementCount(dims);
  return {
    type,
    dims,
    values: values && elements <= VALUES_LIMIT ? values() : null,
    constant: false,
    weight: null,
  };
}

/**
 * The common shape of tensors under multidirectional broadcasting.
 *
 * @throws {RangeError} If two sizes differ and neither is 1.
 */
export function broadcastDims(...shapes: (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((s) => s[axis - rank + s.length] ?? 1).filter((size) => size !== 1);
    if (sizes.some((size) => size !== sizes[0])) {
      throw new RangeError(`shapes ${shapes.map((s) => `[${s}]`).join(" and ")} do not fit together`);
    }
    return sizes[0] ?? 1;
  });
}

/** Row-major steps of every axis. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  for (let axis = dims.length - 1, step = 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= dims[axis];
  }
  return strides;
}

/** Steps with which a tensor of `from` is read along the axes of `to`: 0 where it is repeated. */
export function broadcastStrides(from: readonly number[], to: readonly number[]): number[] {
  const own = stridesOf(from);
  return to.map((_, axis) => {
    const at = axis - to.length + from.length;
    return at < 0 || from[at] === 1 ? 0 : own[at];
  });
}

/** out[i, j, ...] = source[start + i * strides[0] + j * strides[1] + ...] */
export function strided(source: Float64Array, dims: readonly number[], strides: number[], start = 0): Float64Array {
  const out = new Float64Array(elementCount(dims));
  const index = new Array<number>(dims.length).fill(0);
  for (let i = 0, at = start; i < out.length; i++) {
    out[i] = source[at];
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      at += strides[axis];
      if (++index[axis] < dims[axis]) break;
      at -= strides[axis] * dims[axis];
      index[axis] = 0;
    }
  }
  return out;
}

/** A tensor's values repeated to a shape, or null where they are not known. */
export function broadcastValues(x: Tensor, dims: readonly number[]): Float64Array | null {
  if (!x.values || elementCount(dims) > VALUES_LIMIT) return null;
  if (elementCount(x.dims) === elementCount(dims)) return x.values;
  return strided(x.values, dims, broadcastStrides(x.dims, dims));
}

/** A function of values element by element, or null where one of them is not known. */
export function mapValues(
  dims: readonly number[],
  inputs: Tensor[],
  f: (...x: number[]) => number,
): (() => Float64Array) | null {
  if (inputs.some((x) => !x.values)) return null;
  return () => {
    const columns = inputs.map((x) => broadcastValues(x, dims)!), out = new Float64Array(elementCount(dims));
    const [a, b, c] = columns;
    switch (columns.length) { // a spread of arguments for each element would take ten times as long
      case 1:
        for (let i = 0; i < out.length; i++) out[i] = f(a[i]);
        break;
      case 2:
        for (let i = 0; i < out.length; i++) out[i] = f(a[i], b[i]);
        break;
      case 3:
        for (let i = 0; i < out.length; i++) out[i] = f(a[i], b[i], c[i]);
        break;
      default:
        for (let i = 0; i < out.length; i++) out[i] = f(...columns.map((x) => x[i]));
    }
    return out;
  };
}

/** An axis counted from the front. @throws {RangeError} If there is none. */
export function axisOf(axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(at) || at < 0 || at >= rank) throw new RangeError(`axis ${axis} of a shape of ${rank} axes`);
  return at;
}
