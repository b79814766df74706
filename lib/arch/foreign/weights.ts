/** How many weights a graph holds, and in which form. */
import type { OnnxModel, OnnxNode } from "../../onnx/onnx_model.ts";
import { byteLength, elementCount } from "../../onnx/tensor_types.ts";
import { tensorsOf } from "./data_files.ts";

export interface GraphWeights {
  /** As the graph stores them: a table that it has twice counts twice. */
  parameters: number;
  bytes: number;
  /** That of most weights: "fp32", "fp16", "int8", "int4". */
  type: string;
}

/** Of operators with weights in blocks: the input that holds them, and those that scale them. */
const BLOCKS: Record<string, { data: number; scales: number[] }> = {
  MatMulNBits: { data: 1, scales: [2, 3] },
  GatherBlockQuantized: { data: 0, scales: [2, 3] },
};

export function graphWeights(model: OnnxModel): GraphWeights {
  const packed = new Map<string, number>(), scales = new Set<string>();
  for (const node of model.graph.nodes) {
    const blocks = BLOCKS[node.opType];
    if (!blocks) continue;
    packed.set(node.inputs[blocks.data], bitsOf(node));
    blocks.scales.forEach((at) => node.inputs[at] && scales.add(node.inputs[at]));
  }
  const counts = new Map<string, number>();
  let bytes = 0;
  for (const { name, type, dims } of tensorsOf(model)) {
    if (type === "string" || dims.length === 0 || /^(u?int(16|32|64)|bool)$/.test(type)) continue; // sizes and indexes
    const elements = elementCount(dims), bits = packed.get(name);
    bytes += byteLength(type, elements);
    if (scales.has(name)) continue;
    const form = bits === undefined ? type.replace("float", "fp").replace("uint", "int") : `int${bits}`;
    counts.set(form, (counts.get(form) ?? 0) + (bits === undefined ? elements : 8 * byteLength(type, elements) / bits));
  }
  const [most] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? ["fp32"];
  return { parameters: [...counts.values()].reduce((a, b) => a + b, 0), bytes, type: most };
}

function bitsOf({ attributes }: OnnxNode): number {
  const bits = attributes.get("bits");
  return typeof bits === "number" ? bits : 4;
}
