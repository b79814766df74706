/** Nodes that every block needs: products with packed weights, norms, cuts, and constants of shapes. */
import { DATA_TYPES, type GraphBuilder, MS } from "../onnx/graph_builder.ts";
import type { PackedBlocks, PackedLinear, PackedTensor } from "./packer.ts";

/** What a mask adds to a score that must not count: the lowest float, as transformers does. */
export const HIDDEN = -3.4028234663852886e38;

/** Emits nodes into `g`, while weights and constants go to `root` (the same builder, or the outer one of a subgraph). */
export class Nodes {
  readonly #blockSums = new Map<string, string>();
  readonly #shared = new Map<string, string>();

  constructor(readonly root: GraphBuilder, readonly g: GraphBuilder) {}

  /** The name of a packed tensor. */
  weight(t: PackedTensor): string {
    return this.root.weight(t.name, t.type, t.dims, t);
  }

  /** A vector of whole numbers. */
  int64(values: number[]): string {
    return this.root.literal("int64", [values.length], values);
  }

  /** A single number. */
  float(value: number): string {
    return this.root.literal("float32", [], [value]);
  }

  /** A value that several blocks need, emitted by the first. */
  once(name: string, emit: () => string): string {
    const value = this.#shared.get(name) ?? emit();
    this.#shared.set(name, value);
    return value;
  }

  toFloat(x: string): string {
    return this.g.node("Cast", [x], { to: DATA_TYPES.float32 });
  }

  /** x times a matrix; `rank` is the number of x's axes. */
  linear(x: string, linear: PackedLinear, rank = 3): string {
    switch (linear.form) {
      case "dense":
        return this.g.node("MatMul", [x, this.weight(linear.weight)]);
      case "transposed":
        return this.g.node("FusedMatMul", [x, this.weight(linear.weight)], { transB: 1 }, { domain: MS });
      case "blocks":
        return this.#matMulBlocks(x, linear, rank);
    }
  }

  /** x times a matrix, plus a bias if there is one. */
  affine(x: string, linear: PackedLinear, bias: PackedTensor | null, rank = 3): string {
    const product = this.linear(x, linear, rank);
    return bias ? this.g.node("Add", [product, this.weight(bias)]) : product;
  }

  rmsNorm(x: string, weight: PackedTensor, epsilon: number): string {
    const attributes = { axis: -1, epsilon: { float: epsilon } };
    return this.g.node("SimplifiedLayerNormalization", [x, this.weight(weight)], attributes);
  }

  /** A reshape; 0 keeps an axis, -1 is what is left. */
  reshape(x: string, dims: number[]): string {
    return this.g.node("Reshape", [x, this.int64(dims)]);
  }

  /** Parts of the last axis. */
  split(x: string, sizes: number[], axis = -1): string[] {
    const outputs = sizes.map(() => this.g.fresh("part"));
    this.g.node("Split", [x, this.int64(sizes)], { axis }, { outputs });
    return outputs;
  }

  #matMulBlocks(x: string, m: PackedBlocks, rank: number): string {
    const { g } = this;
    const operands = [x, this.weight(m.q), this.weight(m.scales)];
    if (m.zeroPoints) operands.push(this.weight(m.zeroPoints));
    // accuracy_level 4 (int8 activations): the other levels dequantise on every call.
    const product = g.node("MatMulNBits", operands, {
      K: m.inputs,
      N: m.outputs,
      bits: m.bits,
      block_size: m.blockSize,
      accuracy_level: 4,
    }, { domain: MS });
    if (!m.minima) return product;
    const sums = this.#sumsOfBlocks(x, rank, m.inputs, m.blockSize);
    return g.node("Add", [product, g.node("MatMul", [sums, this.weight(m.minima)])]);
  }

  /** The sum of every block of the last axis; the matrices that read the same input share it. */
  #sumsOfBlocks(x: string, rank: number, inputs: number, blockSize: number): string {
    const key = `${x}/${blockSize}`;
    const known = this.#blockSums.get(key);
    if (known) return known;
    const blocks = this.reshape(x, [...new Array(rank - 1).fill(0), inputs / blockSize, blockSize]);
    const sums = this.g.node("ReduceSum", [blocks, this.int64([-1])], { keepdims: 0 });
    this.#blockSums.set(key, sums);
    return sums;
  }
}
