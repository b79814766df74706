/** Operators with shapes: each emits a node, and while recording keeps what a gradient rule needs of it. */
import { type Attribute, DATA_TYPES, type GraphBuilder, MS } from "../onnx/graph_builder.ts";

/** A value of a training graph. All shapes are known when the graph is built. */
export interface Tensor {
  readonly name: string;
  readonly dims: readonly number[];
}

/** One use of an operator. */
export interface TapeNode {
  op: string;
  /** Part of the architecture that it stands in, for messages: "layers[2].mixer". */
  block: string;
  inputs: Tensor[];
  outputs: Tensor[];
  attributes: Record<string, Attribute>;
  /** What the rule needs besides: axes and places, as the operator's method says. */
  data: number[];
}

export interface EmitOptions {
  domain?: string;
  attributes?: Record<string, Attribute>;
  data?: number[];
}

export interface MatMulOptions {
  transA?: boolean;
  transB?: boolean;
  /** What the product is multiplied by. Default 1. */
  alpha?: number;
}

/** Emits nodes into `g`, constants into `root` (the same builder, or the outer one of a subgraph). */
export class Ops {
  readonly nodes: TapeNode[] = [];
  block = "";
  readonly #recording: boolean;

  constructor(readonly root: GraphBuilder, readonly g: GraphBuilder, { recording = true } = {}) {
    this.#recording = recording;
  }

  /** The same graph without recording: for the gradients' own nodes. */
  silent(): Ops {
    return new Ops(this.root, this.g, { recording: false });
  }

  /** One node with outputs of these shapes. */
  emit(op: string, inputs: Tensor[], shapes: (readonly number[])[], options: EmitOptions = {}): Tensor[] {
    const { domain, attributes = {}, data = [] } = options;
    const outputs = shapes.map((dims) => ({ name: this.g.fresh(op), dims }));
    const names = { inputs: inputs.map((t) => t.name), outputs: outputs.map((t) => t.name) };
    this.g.node(op, names.inputs, attributes, { domain, outputs: names.outputs });
    this.record({ op, inputs, outputs, attributes, data });
    return outputs;
  }

  /** Keep a node, or several that one rule differentiates, for the way back. */
  record(node: Omit<TapeNode, "block">): void {
    if (this.#recording) this.nodes.push({ ...node, block: this.block });
  }

  #one(op: string, inputs: Tensor[], dims: readonly number[], options?: EmitOptions): Tensor {
    return this.emit(op, inputs, [dims], options)[0];
  }

  // Constants

  constant(values: number[], dims: number[] = [values.length]): Tensor {
    return { name: this.root.literal("float32", dims, values), dims };
  }

  scalar(value: number): Tensor {
    return this.constant([value], []);
  }

  int64(values: number[], dims: number[] = [values.length]): Tensor {
    return { name: this.root.literal("int64", dims, values), dims };
  }

  zeros(dims: readonly number[]): Tensor {
    return this.expand(this.scalar(0), dims);
  }

  // Element by element; shapes broadcast as in numpy

  add(a: Tensor, b: Tensor): Tensor {
    return this.#one("Add", [a, b], broadcast(a.dims, b.dims));
  }

  sub(a: Tensor, b: Tensor): Tensor {
    return this.#one("Sub", [a, b], broadcast(a.dims, b.dims));
  }

  mul(a: Tensor, b: Tensor): Tensor {
    return this.#one("Mul", [a, b], broadcast(a.dims, b.dims));
  }

  div(a: Tensor, b: Tensor): Tensor {
    return this.#one("Div", [a, b], broadcast(a.dims, b.dims));
  }

  /** The sum of tensors of one shape, in one node. */
  sum(parts: Tensor[]): Tensor {
    return parts.length === 1 ? parts[0] : this.#one(parts.length === 2 ? "Add" : "Sum", parts, parts[0].dims);
  }

  /** An operator of one input and its shape. */
  unary(op: "Neg" | "Exp" | "Sqrt" | "Sigmoid" | "Softplus" | "Tanh" | "Erf" | "Relu", x: Tensor): Tensor {
    return this.#one(op, [x], x.dims);
  }

  /** Numbers below `low` become `low`, those above `high` `high`; they get no gradient then. */
  clip(x: Tensor, low: number, high: number): Tensor {
    return this.#one("Clip", [x, this.scalar(low), this.scalar(high)], x.dims);
  }

  /** 1 where two tensors of one shape are equal, 0 elsewhere: no gradient goes through it. */
  equal(a: Tensor, b: Tensor): Tensor {
    const out = this.silent(), [same] = out.emit("Equal", [a, b], [a.dims]);
    return out.emit("Cast", [same], [a.dims], { attributes: { to: DATA_TYPES.float32 } })[0];
  }

  /** x sigmoid(x), as the operator QuickGelu computes it with alpha 1. */
  silu(x: Tensor): Tensor {
    return this.#one("QuickGelu", [x], x.dims, { domain: MS, attributes: { alpha: { float: 1 } } });
  }

  // Products

  /** alpha A B over the last two axes, either transposed first; the axes before them broadcast. */
  matMul(a: Tensor, b: Tensor, { transA = false, transB = false, alpha = 1 }: MatMulOptions = {}): Tensor {
    const [m, k] = transA ? a.dims.slice(-2).reverse() : a.dims.slice(-2);
    const [k2, n] = transB ? b.dims.slice(-2).reverse() : b.dims.slice(-2);
    if (k !== k2) throw new RangeError(`Cannot multiply [${a.dims}] by [${b.dims}]: inner sizes ${k} and ${k2} differ`);
    const dims = [...broadcast(a.dims.slice(0, -2), b.dims.slice(0, -2)), m, n];
    const attributes = { transA: Number(transA), transB: Number(transB), alpha: { float: alpha } };
    return this.#one("FusedMatMul", [a, b], dims, { domain: MS, attributes });
  }

  // Shapes

  expand(x: Tensor, dims: readonly number[]): Tensor {
    return String(dims) === String(x.dims) ? x : this.#one("Expand", [x, this.int64([...dims])], dims);
  }

  reshape(x: Tensor, dims: number[]): Tensor {
    if (size(dims) !== size(x.dims)) throw new RangeError(`Cannot reshape [${x.dims}] to [${dims}]`);
    return String(dims) === String(x.dims) ? x : this.#one("Reshape", [x, this.int64(dims)], dims);
  }

  transpose(x: Tensor, perm: number[]): Tensor {
    return this.#one("Transpose", [x], perm.map((axis) => x.dims[axis]), { attributes: { perm }, data: perm });
  }

  split(x: Tensor, sizes: number[], axis: number): Tensor[] {
    const shapes = sizes.map((n) => x.dims.with(axis, n));
    return this.emit("Split", [x, this.int64(sizes)], shapes, { attributes: { axis }, data: [axis] });
  }

  concat(parts: Tensor[], axis: number): Tensor {
    const dims = parts[0].dims.with(axis, parts.reduce((sum, { dims }) => sum + dims[axis], 0));
    return this.#one("Concat", parts, dims, { attributes: { axis }, data: [axis] });
  }

  /** Entries from..to (exclusive) of one axis. */
  slice(x: Tensor, axis: number, from: number, to: number): Tensor {
    const at = [[from], [to], [axis]].map((v) => this.int64(v));
    return this.#one("Slice", [x, ...at], x.dims.with(axis, to - from), { data: [axis, from] });
  }

  /** Zeros before and after the entries of one axis. */
  pad(x: Tensor, axis: number, before: number, after: number): Tensor {
    const pads = new Array(2 * x.dims.length).fill(0);
    pads[axis] = before;
    pads[x.dims.length + axis] = after;
    return this.#one("Pad", [x, this.int64(pads)], x.dims.with(axis, x.dims[axis] + before + after), {
      data: [axis, before],
    });
  }

  /** The entries of an axis in opposite order. */
  reverse(x: Tensor, axis: number): Tensor {
    const n = x.dims[axis], order = this.int64(Array.from({ length: n }, (_, i) => n - 1 - i));
    return this.#one("Gather", [x, order], x.dims, { attributes: { axis } });
  }

  // Sums

  reduceSum(x: Tensor, axes: number[], keep = false): Tensor {
    const dims = x.dims.flatMap((n, i) => !axes.includes(i) ? [n] : keep ? [1] : []);
    return this.#one("ReduceSum", [x, this.int64(axes)], dims, { attributes: { keepdims: Number(keep) }, data: axes });
  }

  /** The running sum along an axis, each entry included; `reverse`: from its end. */
  cumSum(x: Tensor, axis: number, reverse = false): Tensor {
    return this.#one("CumSum", [x, this.int64([axis], [])], x.dims, {
      attributes: { reverse: Number(reverse) },
      data: [axis, Number(reverse)],
    });
  }

  // Norms and softmax, over the last axis

  softmax(x: Tensor): Tensor {
    return this.#one("Softmax", [x], x.dims, { attributes: { axis: -1 } });
  }

  rmsNorm(x: Tensor, weight: Tensor, epsilon: number): Tensor {
    const attributes = { axis: -1, epsilon: { float: epsilon } };
    const inverse = x.dims.with(-1, 1); // 1 / rms of every row: what the rule needs
    return this.emit("SimplifiedLayerNormalization", [x, weight], [x.dims, inverse], { attributes })[0];
  }

  // Choosing

  /** 1 at the largest `count` of the last axis, 0 elsewhere: [rows, n] in and out; no gradient goes through it. */
  largest(x: Tensor, count: number): Tensor {
    const out = this.silent(), [rows, n] = x.dims;
    const [, chosen] = out.emit("TopK", [x, this.int64([count])], [[rows, count], [rows, count]]);
    const operands = [chosen, this.int64([n], []), this.constant([0, 1])];
    return out.reduceSum(out.emit("OneHot", operands, [[rows, count, n]])[0], [1]);
  }

  // Looking up

  /** Rows of a table [rows, width] by int64 indices [n]. */
  gather(table: Tensor, indices: Tensor): Tensor {
    return this.#one("Gather", [table, indices], [...indices.dims, ...table.dims.slice(1)], {
      attributes: { axis: 0 },
    });
  }
}

/** The shape of a result whose operands broadcast. */
export function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1, y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new RangeError(`Shapes [${a}] and [${b}] do not broadcast`);
    return Math.max(x, y);
  });
}

export function size(dims: readonly number[]): number {
  return dims.reduce((a, b) => a * b, 1);
}
