/** Bytes that a node must move: every input read once, every output written once, in the precision that it is kept in. */
import { attentionGeometry, isTable } from "../onnx/attention_geometry.ts";
import type { Execution } from "../onnx/graph_scope.ts";
import type { NodeView } from "../onnx/node_view.ts";
import { expertsGeometry } from "../onnx/shapes_fused.ts";
import { VIEWS } from "../onnx/shapes_movement.ts";
import type { Tensor } from "../onnx/tensor.ts";
import { byteLength, elementCount } from "../onnx/tensor_types.ts";
import { isCacheName } from "./graph_layers.ts";

export interface NodeBytes {
  /** Read of weights, at their stored precision. */
  weights: number;
  /** Read of caches and recurrent states. */
  caches: number;
  /** Read of everything else. */
  activations: number;
  written: number;
}

export const NO_BYTES: NodeBytes = { weights: 0, caches: 0, activations: 0, written: 0 };

export function tensorBytes(x: Tensor): number {
  return byteLength(x.type, elementCount(x.dims));
}

/**
 * Bytes of one run. Views move nothing, a look-up reads only the rows that it picks, attention reads the part of a cache
 * that holds tokens, experts are read as often as a uniform routing meets them: E (1 - (1 - k / E)^tokens).
 */
export function nodeBytes({ view, outputs, constant }: Execution): NodeBytes {
  const { opType } = view.node;
  if (constant || VIEWS.has(opType) || opType === "Shape" || opType === "Size") return NO_BYTES;
  if (outputs[0] && elementCount(outputs[0].dims) === 0) return NO_BYTES; // an expert without tokens
  const bytes = { ...NO_BYTES, written: outputs.reduce((sum, x) => sum + (x ? tensorBytes(x) : 0), 0) };
  view.inputs.forEach((x, i) => {
    if (!x) return;
    const read = Math.round(tensorBytes(x) * readShare(view, i, x, outputs[0]));
    if (x.constant) bytes.weights += read;
    else if (isCacheName(view.node.inputs[i])) bytes.caches += read;
    else bytes.activations += read;
  });
  return bytes;
}

/** The share of an input that is read, 0 to 1 (more where rows are picked more than once). */
function readShare(n: NodeView, input: number, x: Tensor, written: Tensor | null): number {
  const { opType } = n.node, elements = elementCount(x.dims);
  switch (opType) {
    case "Gather":
    case "GatherND":
    case "GatherElements":
    case "GatherBlockQuantized": {
      if (input === 1 || !written || elements === 0) return 1;
      const axis = opType === "Gather" ? n.number("axis", 0) : 0;
      if (opType === "GatherND" || opType === "GatherElements") return elementCount(written.dims) / elements;
      return elementCount(n.input(1).dims) / x.dims[axis < 0 ? axis + x.dims.length : axis];
    }
    case "RotaryEmbedding":
      return isTable(n.node, input) ? tableShare(x, tokensOf(n.input(0))) : 1;
    case "MoE":
    case "QMoE": {
      const { tokens, experts, active } = expertsGeometry(n);
      return input < 2 ? 1 : 1 - (1 - active / experts) ** tokens;
    }
  }
  const attention = attentionGeometry(n);
  if (attention?.past.includes(x)) return Math.min(1, (attention.total - attention.tokens) / x.dims[2] || 0);
  if (attention && isTable(n.node, input)) return tableShare(x, attention.tokens);
  return 1;
}

function tokensOf({ dims }: Tensor): number {
  return dims.length === 4 ? dims[2] : dims[1];
}

/** The rows of a table that these many tokens meet. */
function tableShare(table: Tensor, tokens: number): number {
  return Math.min(1, tokens / table.dims[0]);
}
