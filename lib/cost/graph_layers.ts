/** Which layer a node belongs to, by the names of the weights and caches that it touches. */
import { isLiteralName } from "../onnx/graph_builder.ts";
import type { Execution } from "../onnx/graph_scope.ts";
import { isTable } from "../onnx/attention_geometry.ts";
import type { Tensor } from "../onnx/tensor.ts";
import { isFloat } from "../onnx/tensor_types.ts";

/** How names number layers: ours, Hugging Face's, onnxruntime-genai's, GPT-2's, and those of caches. */
const LAYER =
  /(?:^|[./_])(?:layers?|h|blocks?|past_key_values|past|present|past_states?|present_states?)[._](\d{1,4})(?=[./_]|$)/;
const CACHE = /past|present|cache|state/i;

/** The layer in a name, or null; onnxruntime-genai numbers the last norm as if it were one more layer. */
export function layerOfName(name: string): number | null {
  const match = name.includes("final_norm") ? null : LAYER.exec(name);
  return match ? Number(match[1]) : null;
}

/** Whether a name is one of a layer's cache or recurrent state. */
export function isCacheName(name: string): boolean {
  return CACHE.test(name) && layerOfName(name) !== null;
}

/** Follows the layers through a walk: a node that no name places belongs where its inputs come from. */
export class Layers {
  readonly #layers = new WeakMap<Tensor, number>();

  /** The layer of a run, or null outside of all layers. */
  visit(execution: Execution): number | null {
    const layer = execution.constant ? null : this.#layer(execution);
    if (layer !== null) { for (const x of execution.outputs) if (x) this.#layers.set(x, layer); }
    return layer;
  }

  #layer({ view: { node, inputs } }: Execution): number | null {
    // Exporters of modules name a node by its path; elsewhere the names of weights and caches tell.
    if (node.name.startsWith("/")) return layerOfName(node.name);
    const touched = [
      ...node.inputs.filter((name, i) => inputs[i]?.constant || isCacheName(name)),
      ...node.outputs.filter(isCacheName),
    ];
    const named = touched.map(layerOfName).filter((x) => x !== null);
    if (named.length > 0) return Math.max(...named);
    // A weight outside of all layers (head, last norm) takes its node out of them too; a shape is no weight, and a
    // constant that is named by its value is of no layer.
    const weight = node.inputs.some((name, i) =>
      inputs[i]?.constant && isFloat(inputs[i].type) && !isTable(node, i) && !isLiteralName(name) &&
      inputs[i].dims.some((d) => d > 1)
    );
    const behind = inputs.flatMap((x) => (x && this.#layers.has(x) ? [this.#layers.get(x)!] : []));
    return weight || behind.length === 0 ? null : Math.max(...behind);
  }
}
