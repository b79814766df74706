/** Which names a graph's nodes read, and attributes by the name of the caller's. */
import type { OnnxAttribute, OnnxGraph, OnnxNode } from "./onnx_model.ts";

/** The index of the last node that reads a name; outputs are read at the end. Subgraphs read outer names too. */
export function lastUses(graph: OnnxGraph): Map<string, number> {
  const uses = new Map<string, number>();
  graph.nodes.forEach((node, at) => {
    for (const name of namesRead(node)) uses.set(name, at);
  });
  for (const { name } of graph.outputs) uses.set(name, Infinity);
  return uses;
}

/** Names that a node reads, its subgraphs' included (which may hold names of their own: no harm). */
function namesRead(node: OnnxNode): string[] {
  const inner = [...node.attributes.values()].filter((a) => typeof a === "object" && "nodes" in a);
  return [
    ...node.inputs,
    ...inner.flatMap((g) => [...g.nodes.flatMap(namesRead), ...g.outputs.map((o) => o.name)]),
  ];
}

/** A node of a function with the attributes of the node that calls it. */
export function withAttributes(node: OnnxNode, given: Map<string, OnnxAttribute>): OnnxNode {
  const attributes = new Map<string, OnnxAttribute>();
  for (const [name, value] of node.attributes) {
    const taken = typeof value === "object" && "ref" in value ? given.get(value.ref) : value;
    if (taken !== undefined) attributes.set(name, taken);
  }
  return { ...node, attributes };
}
