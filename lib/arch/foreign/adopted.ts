/** A graph that was made elsewhere on its way into one of ours: its values renamed, and its head found. */
import type { GraphProto, NodeProto } from "onnx-buf";
import { emitHead, pruned, readByHead } from "../../onnx/surgery/emit_head.ts";
import { findHead } from "../../onnx/surgery/find_head.ts";
import type { ForeignFile } from "../../onnx/surgery/foreign_file.ts";
import { renameValues } from "../../onnx/surgery/rename.ts";
import type { GraphBuilder } from "../../onnx/graph_builder.ts";
import type { GraphLayout } from "./layout.ts";
import { renamedLayout } from "./renamed_layout.ts";

/** Before the names of its values, so that none is one of ours. */
const PREFIX = "its/";

export interface Adopted {
  graph: GraphProto;
  /** By its new names. */
  layout: GraphLayout;
  /** Its nodes but for the head, which stay in the words of its own operator set. */
  nodes: NodeProto[];
  /** Emit the head on rows of batch x tokens: float32 [rows, vocab]. */
  head(g: GraphBuilder, rows: string): string;
}

/** @throws {TypeError} If its head is not found. */
export function adoptGraph({ model: { graph } }: ForeignFile, theirs: GraphLayout, vocabSize: number): Adopted {
  const head = findHead(graph, theirs.logits.name, vocabSize); // by its own names, for what an error says
  renameValues(graph, PREFIX);
  const layout = renamedLayout(theirs, PREFIX), input = PREFIX + head.input;
  const nodes = pruned(graph, [...readByHead(head.nodes), ...layout.caches.map(({ present }) => present)]);
  return {
    graph,
    layout,
    nodes,
    head: (g, rows) => emitHead(g, { input, nodes: head.nodes }, rows, layout.logits.type === "float16"),
  };
}
