/** Graphs that show what a machine can do: one large product, a product with one row, and a copy. */
import { Buffer } from "node:buffer";
import { type ElementType, GraphBuilder, MS } from "../onnx/graph_builder.ts";
import type { GraphRunRequest } from "../model/protocol.ts";

/** Formats whose peaks are probed. */
export type ProbedFormat = "fp32" | "int8" | "int4";
export const PROBED_FORMATS: readonly ProbedFormat[] = ["fp32", "int8", "int4"];

export interface Probe {
  /** `flops`: work is FLOPs; `read` and `copy`: bytes. */
  kind: "flops" | "read" | "copy";
  format: ProbedFormat;
  /** FLOPs, or bytes, of one run. */
  work: number;
  request: Pick<GraphRunRequest, "name" | "model" | "inputs" | "output">;
}

/** Rows, columns and depth of the large product. */
const LARGE = 2048;
/** Depth of the product with one row. */
const DEPTH = 4096;
/** Weights that share a scale, as in our models. */
const BLOCK = 32;

/** One product of square matrices: 2 * 2048 ** 3 FLOPs, so large that its arithmetic bounds it. */
export function productProbe(format: ProbedFormat): Probe {
  const g = new GraphBuilder(`product_${format}`);
  const x = g.input("x", "float32", [LARGE, LARGE]);
  oneNumber(g, product(g, x, format, LARGE, LARGE));
  return probe(g, "flops", format, 2 * LARGE ** 3, { x: [LARGE, LARGE] });
}

/** One row times a matrix of at least `bytes` bytes: a decode step's way of reading weights. */
export function readProbe(format: ProbedFormat, bytes: number): Probe {
  const g = new GraphBuilder(`read_${format}`), perColumn = DEPTH * bytesPerWeight(format);
  const columns = Math.ceil(bytes / perColumn);
  const x = g.input("x", "float32", [1, DEPTH]);
  oneNumber(g, product(g, x, format, DEPTH, columns));
  return probe(g, "read", format, columns * perColumn, { x: [1, DEPTH] });
}

/** Every number read once and written once: counted as 2 * `bytes`, whatever the caches fetch beside it. */
export function copyProbe(bytes: number): Probe {
  const g = new GraphBuilder("copy"), elements = Math.ceil(bytes / 4);
  const x = g.input("x", "float32", [elements]);
  const copied = g.node("Neg", [x]); // a plain copy would be left out of the graph
  g.node("Gather", [copied, g.literal("int64", [], [0])], {}, { outputs: ["out"] });
  g.output("out", "float32", []);
  return probe(g, "copy", "fp32", 8 * elements, { x: [elements] });
}

/** Symmetric blocks of 32 with an fp32 scale, as our models keep them. */
export function bytesPerWeight(format: ProbedFormat): number {
  return { fp32: 4, int8: 1 + 4 / BLOCK, int4: 0.5 + 4 / BLOCK }[format];
}

function probe(
  g: GraphBuilder,
  kind: Probe["kind"],
  format: ProbedFormat,
  work: number,
  inputs: Record<string, number[]>,
): Probe {
  const model = Buffer.from(g.model()).toString("base64");
  return { kind, format, work, request: { name: g.name, model, inputs, output: "out" } };
}

/** x times a weight matrix [K, N], by the operator that a model of this format uses. */
function product(g: GraphBuilder, x: string, format: ProbedFormat, K: number, N: number): string {
  if (format === "fp32") return g.node("MatMul", [x, filled(g, "float32", [K, N], 1e-3)]);
  const bits = format === "int8" ? 8 : 4;
  const q = filled(g, "uint8", [N, K / BLOCK, BLOCK * bits / 8], 0x55);
  const scales = filled(g, "float32", [N * K / BLOCK], 1e-3);
  return g.node("MatMulNBits", [x, q, scales], { K, N, bits, block_size: BLOCK, accuracy_level: 4 }, { domain: MS });
}

/** A tensor of one value: made when the graph is opened, so that the file stays small. */
function filled(g: GraphBuilder, type: ElementType, dims: number[], value: number): string {
  const one = g.literal(type, [], [value]);
  return g.node("Expand", [one, g.literal("int64", [dims.length], dims)]);
}

/** The result as one number, so that it need not be copied out. */
function oneNumber(g: GraphBuilder, value: string): void {
  g.node("ReduceSum", [value], { keepdims: 0 }, { outputs: ["out"] });
  g.output("out", "float32", []);
}
