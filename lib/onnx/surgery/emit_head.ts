/** The head of a graph that was made elsewhere, on the rows that are asked for. */
import { clone } from "@bufbuild/protobuf";
import { type GraphProto, type NodeProto, NodeProtoSchema } from "onnx-buf";
import { DATA_TYPES, type GraphBuilder } from "../graph_builder.ts";
import type { Head } from "./find_head.ts";

/**
 * Emit the head into `g`, which has the graph's other nodes.
 *
 * @param rows Names an int64 [rows] of indexes into batch x tokens.
 * @returns float32 [rows, vocab]
 */
export function emitHead(g: GraphBuilder, { input, nodes }: Head, rows: string, isHalf: boolean): string {
  const all = g.node("Flatten", [input], { axis: -1 }); // [batch x tokens, hidden]
  const names = new Map([[input, g.node("Gather", [all, rows], { axis: 0 })]]);
  const added: NodeProto[] = [];
  for (const node of nodes) {
    const [output] = node.output, from = node.input.map((name) => names.get(name) ?? name);
    if (node.opType === "Reshape" || node.opType === "Identity") { // the rows are flat here
      names.set(output, from[0]);
      continue;
    }
    const copy = clone(NodeProtoSchema, node), own = g.fresh("head");
    names.set(output, own);
    added.push(Object.assign(copy, { name: own, input: from, output: [own] }));
  }
  g.adopt(added);
  const logits = g.node("Flatten", [names.get(nodes.at(-1)!.output[0])!], { axis: -1 });
  return isHalf ? g.node("Cast", [logits], { to: DATA_TYPES.float32 }) : logits;
}

/** What the head reads of the graph: hidden states and weights, but no shape of a Reshape, since rows are flat here. */
export function readByHead(nodes: NodeProto[]): string[] {
  const own = new Set(nodes.flatMap(({ output }) => output));
  return nodes.flatMap(({ opType, input }) => opType === "Reshape" ? input.slice(0, 1) : input).filter((name) =>
    !own.has(name)
  );
}

/** The nodes of a graph that its outputs still need. */
export function pruned(graph: GraphProto, outputs: Iterable<string>): NodeProto[] {
  const needed = new Set(outputs), kept = new Set<NodeProto>();
  for (const node of graph.node.toReversed()) {
    if (!node.output.some((name) => needed.has(name))) continue;
    kept.add(node);
    for (const name of namesRead(node)) needed.add(name);
  }
  return graph.node.filter((node) => kept.has(node));
}

function namesRead({ input, attribute }: NodeProto): string[] {
  return [
    ...input,
    ...attribute.flatMap(({ g }) => g ? [...g.node.flatMap(namesRead), ...g.output.map(({ name }) => name)] : []),
  ];
}
