/**
 * A graph that was made elsewhere with two heads in place of its own: on the rows that are asked for (the last one, when
 * tokens are made), and a score head, so that one number a token comes out instead of a vocabulary.
 *
 * Inputs: its own, renamed; `rows` int64 [rows], indexes into batch x tokens; `targets` int64 [targets, 2], pairs of an
 * index into `rows` and a token id, none where logits are wanted alone.
 * Outputs: `logits` float [rows, vocab]; `target_logprobs` float [targets]; `argmax` int64 [rows]; its caches, renamed.
 */
import { GraphBuilder } from "../../onnx/graph_builder.ts";
import type { ForeignFile } from "../../onnx/surgery/foreign_file.ts";
import { emitArgmax } from "../argmax.ts";
import { adoptGraph } from "./adopted.ts";
import type { GraphLayout } from "./layout.ts";

/** A graph that was changed, to be opened in memory: its weights are where they were. */
export interface ChangedGraph {
  bytes: Uint8Array<ArrayBuffer>;
  /** Its inputs and outputs as they are called now. */
  layout: GraphLayout;
}

/** @throws {TypeError} If its head is not found. */
export function headsGraph(file: ForeignFile, theirs: GraphLayout, vocabSize: number): ChangedGraph {
  const { graph, layout, nodes, head } = adoptGraph(file, theirs, vocabSize);
  const g = new GraphBuilder("heads", "heads/"), weights = new Set(graph.initializer.map(({ name }) => name));
  graph.input.forEach((value) => weights.has(value.name) || g.adoptInput(value));
  g.input("rows", "int64", ["rows"]);
  g.input("targets", "int64", ["targets", 2]);
  g.adopt(nodes, graph.initializer);
  const logits = g.node("Identity", [head(g, "rows")], {}, { outputs: ["logits"] });
  const scored = g.node("Greater", [g.node("Size", ["targets"]), g.literal("int64", [], [0])]);
  g.node("If", [scored], { then_branch: { graph: logprobs(logits) }, else_branch: { graph: nothing(g) } }, {
    outputs: ["target_logprobs"],
  });
  g.node("Identity", [emitArgmax(g, g, logits, vocabSize)], {}, { outputs: ["argmax"] });
  g.output("logits", "float32", ["rows", vocabSize]);
  g.output("target_logprobs", "float32", ["targets"]);
  g.output("argmax", "int64", ["rows"]);
  const presents = new Set(layout.caches.map(({ present }) => present));
  graph.output.forEach((value) => presents.has(value.name) && g.adoptOutput(value));
  return { bytes: g.modelWith(file.model, new Set(nodes)), layout };
}

function logprobs(logits: string): GraphBuilder {
  const g = new GraphBuilder("score", "score/");
  g.output(g.node("GatherND", [g.node("LogSoftmax", [logits], { axis: -1 }), "targets"]), "float32", ["targets"]);
  return g;
}

function nothing(root: GraphBuilder): GraphBuilder {
  const g = new GraphBuilder("no_score", "no_score/");
  g.output(g.node("Identity", [root.literal("float32", [0], [])]), "float32", ["targets"]);
  return g;
}
