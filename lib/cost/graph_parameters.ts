/** Counts the parameters that a walk meets: elements of weights, each weight once. */
import { isTable } from "../onnx/attention_geometry.ts";
import type { Execution } from "../onnx/graph_scope.ts";
import type { NodeView } from "../onnx/node_view.ts";
import type { OnnxGraph } from "../onnx/onnx_model.ts";
import type { Tensor } from "../onnx/tensor.ts";
import { elementCount, isFloat } from "../onnx/tensor_types.ts";

const LOOK_UPS = new Set(["Gather", "GatherND", "GatherElements", "GatherBlockQuantized"]);

/**
 * Weights are the floating tensors of two or more elements that a run reads and that follow from the file alone, and the
 * quantised ones of the operators that say so, counted in weights (not in bytes; scales and zero points are none).
 * Tables of positions, read as such or leading to a Cos or Sin, are no parameters.
 */
export class Parameters {
  readonly #counts = new Map<string, { elements: number; inactive: number }>();
  readonly #positions: Set<string>;

  constructor(readonly graph: OnnxGraph) {
    this.#positions = ancestorsOf(graph, new Set(["Cos", "Sin"]));
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, c) => sum + c.elements, 0);
  }

  /** Without the experts that a token does not go to. */
  get active(): number {
    return Math.round([...this.#counts.values()].reduce((sum, c) => sum + c.elements - c.inactive, 0));
  }

  /**
   * @param share Of the experts that the run belongs to, those that a token goes to; 1 for no expert's run.
   * @returns Whether it computes with parameters, and does not look them up.
   */
  visit({ view, constant }: Execution, share: number): boolean {
    if (constant) return false;
    let computes = false;
    view.inputs.forEach((x, i) => {
      if (!x?.weight || this.#positions.has(x.weight) || this.#positions.has(view.node.inputs[i])) return;
      const place = this.#placeOf(x.weight), known = this.#counts.get(place), elements = weightElements(view, i, x);
      if (elements > 0) computes = !LOOK_UPS.has(view.node.opType);
      if (elements === 0 || (known && known.elements >= elements)) return;
      this.#counts.set(place, { elements, inactive: elements * (1 - share) });
    });
    return computes;
  }

  /** Two names for the same bytes (a table that is the head too, in another shape) are one weight. */
  #placeOf(weight: string): string {
    const at = this.graph.initializers.get(weight)?.external;
    return at ? `${at.location} at ${at.offset}` : weight;
  }
}

/** Weights in an input of a node: 0 for scales, tables and scalars. */
function weightElements(n: NodeView, input: number, x: Tensor): number {
  const elements = elementCount(x.dims), { opType } = n.node;
  const bits = (name: string) => x.type === "uint8" ? 8 / n.number(name, 4) : 1;
  switch (opType) {
    case "MatMulNBits":
      if (input === 1) return n.number("K") * n.number("N");
      return input === 5 ? elements : 0;
    case "GatherBlockQuantized":
      return input === 0 ? elements * bits("bits") : 0;
    case "QMoE":
      if (input === 2 || input === 5 || input === 8) return elements * bits("expert_weight_bits");
      return input === 4 || input === 7 || input === 10 ? elements : 0;
    case "DequantizeLinear":
      return input === 0 ? elements : 0;
    case "MatMulInteger":
    case "MatMulIntegerToFloat":
    case "DynamicQuantizeMatMul":
      return input === 1 ? elements : 0;
    case "QLinearMatMul":
      return input === 3 ? elements : 0;
  }
  return isFloat(x.type) && elements > 1 && !isTable(n.node, input) ? elements : 0;
}

/** Names that lead to a node of one of these types. */
function ancestorsOf(graph: OnnxGraph, types: Set<string>): Set<string> {
  const found = new Set<string>();
  for (const node of [...graph.nodes].reverse()) {
    const leads = types.has(node.opType) || node.outputs.some((name) => found.has(name));
    if (leads) node.inputs.forEach((name) => found.add(name));
  }
  found.delete("");
  return found;
}
