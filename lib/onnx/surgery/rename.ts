/** New names for all values of a graph, so that it can stand inside another one. */
import type { GraphProto } from "onnx-buf";

/** Put `prefix` before the name of every value, those of subgraphs too (which may read outer ones). */
export function renameValues(graph: GraphProto, prefix: string): void {
  const renamed = (name: string) => name === "" ? "" : prefix + name;
  for (const value of [...graph.input, ...graph.output, ...graph.initializer]) value.name = renamed(value.name);
  graph.valueInfo = []; // hints that would need the new names
  for (const node of graph.node) {
    node.input = node.input.map(renamed);
    node.output = node.output.map(renamed);
    for (const { g } of node.attribute) if (g) renameValues(g, prefix);
  }
}
