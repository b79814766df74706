/** All that a model holds, in its subgraphs and functions too. */
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor } from "../../onnx/onnx_model.ts";

/** Every node. */
export function* nodesOf({ graph, functions }: OnnxModel): Generator<OnnxNode> {
  yield* withInner(graph.nodes);
  for (const { nodes } of functions.values()) yield* withInner(nodes);
}

function* withInner(nodes: OnnxNode[]): Generator<OnnxNode> {
  for (const node of nodes) {
    yield node;
    for (const value of node.attributes.values()) {
      if (typeof value === "object" && "nodes" in value) yield* withInner(value.nodes);
    }
  }
}

/** Every tensor. */
export function* tensorsOf({ graph, functions }: OnnxModel): Generator<OnnxTensor> {
  yield* inGraph(graph);
  for (const { nodes, defaults } of functions.values()) {
    yield* inNodes(nodes);
    yield* inAttributes(defaults);
  }
}

function* inGraph({ initializers, nodes }: OnnxGraph): Generator<OnnxTensor> {
  yield* initializers.values();
  yield* inNodes(nodes);
}

function* inNodes(nodes: OnnxNode[]): Generator<OnnxTensor> {
  for (const { attributes } of nodes) yield* inAttributes(attributes);
}

function* inAttributes(attributes: Map<string, OnnxAttribute>): Generator<OnnxTensor> {
  for (const value of attributes.values()) {
    if (typeof value !== "object" || Array.isArray(value)) continue;
    if ("nodes" in value) yield* inGraph(value);
    else if ("external" in value) yield value;
  }
}

/** The files beside a model that it says its weights are in. */
export function locationsOf(model: OnnxModel): string[] {
  const locations = new Set<string>();
  for (const { external } of tensorsOf(model)) if (external) locations.add(external.location);
  return [...locations];
}
