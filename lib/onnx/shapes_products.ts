/** Shape rules of matrix products and convolutions. */
import type { NodeView, ShapeRule } from "./node_view.ts";
import { broadcastDims, NotKnown, type Tensor, tensor } from "./tensor.ts";

/** The rows, columns and inner size of a product of (batches of) matrices. */
export interface Product {
  /** Shape of the result. */
  dims: number[];
  /** Multiply-adds of one element of the result. */
  inner: number;
}

/**
 * Product of two tensors as numpy's matmul does it, after turning the last two axes where asked.
 *
 * @throws {RangeError} If the inner sizes differ.
 */
export function matMul(a: number[], b: number[], transposeA = false, transposeB = false): Product {
  const turned = (dims: number[], turn: boolean) => turn ? [...dims.slice(0, -2), ...dims.slice(-2).reverse()] : dims;
  const left = a.length === 1 ? [1, ...a] : turned(a, transposeA);
  const right = b.length === 1 ? [...b, 1] : turned(b, transposeB);
  const [m, inner] = left.slice(-2), [k, n] = right.slice(-2);
  if (inner !== k) throw new RangeError(`[${a}] times [${b}]: the inner sizes ${inner} and ${k} differ`);
  const matrix = [...(a.length === 1 ? [] : [m]), ...(b.length === 1 ? [] : [n])];
  return { dims: [...broadcastDims(left.slice(0, -2), right.slice(0, -2)), ...matrix], inner };
}

/** The product that a node computes, from its inputs; null for a node that computes none. */
export function productOf(n: NodeView): Product | null {
  switch (n.node.opType) {
    case "MatMul":
    case "MatMulInteger":
    case "MatMulIntegerToFloat":
    case "DynamicQuantizeMatMul":
      return matMul(n.input(0).dims, n.input(1).dims);
    case "FusedMatMul":
      return matMul(n.input(0).dims, n.input(1).dims, n.number("transA", 0) === 1, n.number("transB", 0) === 1);
    case "QLinearMatMul":
      return matMul(n.input(0).dims, n.input(3).dims);
    case "Gemm":
    case "FusedGemm":
      return matMul(n.input(0).dims, n.input(1).dims, n.number("transA", 0) === 1, n.number("transB", 0) === 1);
    case "MatMulNBits":
      return matMul(n.input(0).dims, [n.number("K"), n.number("N")]);
    case "Einsum":
      return einsum(n.text("equation"), n.inputs.map((_, i) => n.input(i).dims));
    case "Conv":
      return convolution(n);
    default:
      return null;
  }
}

/**
 * Einsum of one or two operands: the multiply-adds are the product of all sizes when two operands meet.
 *
 * @throws {NotKnown} For more operands, whose order of contraction is the runtime's choice.
 */
export function einsum(equation: string, operands: number[][]): Product {
  const [left, right] = equation.replaceAll(" ", "").split("->"), terms = left.split(",");
  if (terms.length !== operands.length || terms.length > 2) {
    throw new NotKnown(`the einsum "${equation}" has ${terms.length} operands; one or two are known`);
  }
  const sizes = new Map<string, number>(), batches: number[][] = [];
  terms.forEach((term, i) => {
    const named = term.replace("...", "").length, dims = operands[i];
    const [before, after] = term.includes("...") ? term.split("...") : [term, ""];
    if (term.includes("...") ? dims.length < named : dims.length !== named) {
      throw new RangeError(`einsum "${equation}": the term ${term} does not fit [${dims}]`);
    }
    const ends = dims.length - after.length;
    const label = (name: string, size: number) => {
      const known = sizes.get(name) ?? 1;
      if (known !== size && known !== 1 && size !== 1) {
        throw new RangeError(`einsum "${equation}": ${name} is ${known} and ${size}`);
      }
      sizes.set(name, Math.max(known, size));
    };
    [...before].forEach((name, at) => label(name, dims[at]));
    [...after].forEach((name, at) => label(name, dims[ends + at]));
    batches.push(dims.slice(before.length, ends));
  });
  const free = broadcastDims(...batches);
  const once = [...sizes.keys()].filter((name) => left.split(name).length === 2).sort();
  const result = right ?? (left.includes("...") ? "..." : "") + once.join("");
  const [head, tail] = result.includes("...") ? result.split("...") : [result, ""];
  const pick = (names: string) => [...names].map((name) => sizes.get(name) ?? 1);
  const dims = [...pick(head), ...(result.includes("...") ? free : []), ...pick(tail)];
  const summed = [...sizes].filter(([name]) => !result.includes(name)).reduce((product, [, size]) => product * size, 1);
  return { dims, inner: summed };
}

/** Convolution over any number of axes. `auto_pad` other than NOTSET and VALID keeps ceil(size / stride). */
function convolution(n: NodeView): Product {
  const x = n.input(0).dims, w = n.input(1).dims, kernel = w.slice(2), axes = kernel.length;
  const strides = n.list("strides") ?? kernel.map(() => 1), dilations = n.list("dilations") ?? kernel.map(() => 1);
  const auto = n.text("auto_pad", "NOTSET"), pads = n.list("pads") ?? new Array<number>(2 * axes).fill(0);
  const spatial = kernel.map((k, i) => {
    const size = x[i + 2];
    if (auto.startsWith("SAME")) return Math.ceil(size / strides[i]);
    return Math.floor((size + pads[i] + pads[i + axes] - dilations[i] * (k - 1) - 1) / strides[i]) + 1;
  });
  return { dims: [x[0], w[0], ...spatial], inner: w[1] * kernel.reduce((a, b) => a * b, 1) };
}

function product(type?: string): ShapeRule {
  return (n) => [tensor(type ?? n.input(0).type, productOf(n)!.dims)];
}

/** An einsum of one operand only moves and adds. */
export const PRODUCT_RULES: Record<string, ShapeRule> = {
  MatMul: product(),
  FusedMatMul: product(),
  Gemm: product(),
  FusedGemm: product(),
  MatMulNBits: product(),
  MatMulInteger: product("int32"),
  MatMulIntegerToFloat: product("float32"),
  DynamicQuantizeMatMul: product("float32"),
  QLinearMatMul: (n): Tensor[] => [tensor(n.input(7).type, productOf(n)!.dims)],
  Einsum: product(),
  Conv: product(),
};

/** The axis on which a causal convolution moves, and its kernel's width. */
export function causalConvolution(n: NodeView): { tokens: number; channels: number; batch: number; width: number } {
  const { dims } = n.input(0), last = n.number("channels_last", 0) === 1;
  const width = n.input(1).dims.slice(2).reduce((a, b) => a * b, 1);
  const channels = dims[last ? dims.length - 1 : 1], elements = dims.reduce((a, b) => a * b, 1);
  return { batch: dims[0], channels, width, tokens: elements / dims[0] / channels };
}
