/** How many weights a graph holds, and in which form. */
import { isTable } from "../../onnx/attention_geometry.ts";
import type { OnnxModel, OnnxNode } from "../../onnx/onnx_model.ts";
import { byteLength, elementCount } from "../../onnx/tensor_types.ts";
import { nodesOf, tensorsOf } from "./walk.ts";

export interface GraphWeights {
  /** A table that the file holds twice, in equal tensors, counts once. */
  parameters: number;
  bytes: number;
  /** That of most weights which matrix products read: "fp32", "fp16", "int8", "int4". */
  type: string;
  /** Weights by form, as stored; absent in what was found before. */
  forms?: Record<string, number>;
  /** Tables that the file holds twice, compared element by element: names, and the size of one. Absent: none is known. */
  twice?: { names: [string, string]; elements: number; bytes: number }[];
}

/** Of operators with weights in blocks: the input that holds them, and those that scale them. */
const BLOCKS: Record<string, { data: number; scales: number[] }> = {
  MatMulBnb4: { data: 1, scales: [2] },
  MatMulNBits: { data: 1, scales: [2, 3] },
  GatherBlockQuantized: { data: 0, scales: [2, 3] },
};

export function graphWeights(model: OnnxModel): GraphWeights {
  const packed = new Map<string, number>(), scales = new Set<string>();
  const lookups = new Set<string>(), tables = new Set<string>();
  for (const node of nodesOf(model)) {
    if (/^Gather/.test(node.opType)) lookups.add(node.inputs[0]);
    node.inputs.forEach((name, i) => isTable(node, i) && tables.add(name));
    const blocks = BLOCKS[node.opType];
    if (!blocks) continue;
    packed.set(node.inputs[blocks.data], bitsOf(node));
    blocks.scales.forEach((at) => node.inputs[at] && scales.add(node.inputs[at]));
  }
  for (const node of nodesOf(model)) {
    if (!/^Gather/.test(node.opType)) node.inputs.forEach((name) => lookups.delete(name)); // a tied head reads it too
  }
  const counts = new Map<string, number>();
  const places = new Set<string>(), forms: Record<string, number> = {};
  let bytes = 0, parameters = 0;
  for (const { name, type, dims, external } of tensorsOf(model)) {
    if (type === "string" || dims.length === 0 || /^(u?int(16|32|64)|bool)$/.test(type)) continue; // sizes and indexes
    const place = external && `${external.location} at ${external.offset}`;
    if (place !== null && places.has(place)) continue; // two names for the same bytes
    if (place !== null) places.add(place);
    const elements = elementCount(dims), bits = packed.get(name);
    bytes += byteLength(type, elements);
    if (scales.has(name) || tables.has(name)) continue; // of positions
    const form = bits === undefined ? type.replace("float", "fp").replace("uint", "int") : `int${bits}`;
    const weights = bits === undefined ? elements : 8 * byteLength(type, elements) / bits;
    parameters += weights;
    forms[form] = (forms[form] ?? 0) + weights;
    counts.set(form, (counts.get(form) ?? 0) + (lookups.has(name) ? 0 : weights));
  }
  const [most] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? ["fp32"];
  return { parameters, bytes, type: most, forms };
}

function bitsOf({ attributes }: OnnxNode): number {
  const bits = attributes.get("bits");
  return typeof bits === "number" ? bits : 4;
}
