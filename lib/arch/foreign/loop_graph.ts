/**
 * A graph that was made elsewhere as the body of a Loop: as our own generate graph (generate_graph.ts), whose first turn
 * is the prompt and every further one a token, with the choice of the token inside.
 *
 * Inputs: `ids` int64 [batch, tokens]; `cached` int64 [], the tokens in the caches (without caches there is none, and
 * `ids` are all tokens); `past.I`, its caches in the order of the layout; what steers the turns.
 * Outputs: `tokens`, `logprobs` as there; `present.I`.
 */
import { type TensorProto, TensorProto_DataLocation as DataLocation } from "onnx-buf";
import { DATA_TYPES, GraphBuilder } from "../../onnx/graph_builder.ts";
import type { ForeignFile } from "../../onnx/surgery/foreign_file.ts";
import { endOfTurn, turnInputs } from "../end_of_turn.ts";
import { type Adopted, adoptGraph } from "./adopted.ts";
import type { ChangedGraph } from "./heads_graph.ts";
import type { CacheSlot } from "./cache_slot.ts";
import type { GraphLayout, IntInput } from "./layout.ts";

/** @throws {TypeError} If its head is not found. */
export function loopGraph(file: ForeignFile, theirs: GraphLayout, vocabSize: number): ChangedGraph {
  const adopted = adoptGraph(file, theirs, vocabSize), { caches } = adopted.layout;
  const root = new GraphBuilder("generate", "loop/"), cached = caches.length > 0 ? ["cached"] : [];
  root.input("ids", "int64", ["batch", "tokens"]);
  for (const name of cached) root.input(name, "int64", []);
  turnInputs(root);
  const slots = caches.map((slot, i) => ({ ...slot, past: `past.${i}`, present: `present.${i}` }));
  for (const { past, present, ...slot } of slots) {
    root.input(past, slot.type, dimsOf(slot, "past"));
    root.output(present, slot.type, dimsOf(slot, "total"));
  }
  root.output("tokens", "int64", ["turns", "batch"]);
  root.output("logprobs", "float32", ["turns", "batch"]);
  const batch = root.node("Slice", [
    root.node("Shape", ["ids"]),
    root.literal("int64", [1], [0]),
    root.literal("int64", [1], [1]),
  ]);
  const done = root.node("Expand", [root.literal("bool", [], [0]), batch]);
  const pasts = slots.map(({ past }) => past), presents = slots.map(({ present }) => present);
  root.node("Loop", ["max_new", root.literal("bool", [], [1]), "ids", ...cached, done, ...pasts], {
    body: { graph: loopBody(root, adopted, vocabSize) },
  }, { outputs: ["last_ids", ...cached.map(() => "last_cached"), "last_done", ...presents, "tokens", "logprobs"] });
  return {
    bytes: root.modelWith(file.model, new Set(adopted.nodes)),
    layout: { ...theirs, sharesBuffers: false, caches: slots },
  };
}

function loopBody(root: GraphBuilder, { graph, layout, nodes, head }: Adopted, vocabSize: number): GraphBuilder {
  const g = new GraphBuilder("turn", "turn/"), hasCaches = layout.caches.length > 0;
  const int64 = (values: number[]) => root.literal("int64", [values.length], values);
  const turn = g.input("turn/index", "int64", []);
  g.input("turn/go_on", "bool", []);
  const ids = g.input("turn/ids", "int64", ["batch", "tokens"]);
  const before = hasCaches ? g.input("turn/cached", "int64", []) : root.literal("int64", [], [0]);
  const done = g.input("turn/done", "bool", ["batch"]);
  for (const slot of layout.caches) g.input(slot.past, slot.type, dimsOf(slot, "past"));

  const shape = g.node("Shape", [ids]);
  const rows = g.node("Gather", [shape, root.literal("int64", [], [0])]);
  const tokens = g.node("Gather", [shape, root.literal("int64", [], [1])]);
  const total = g.node("Add", [before, tokens]);
  giveInputs(root, g, layout, { ids, shape, before, total });
  // onnxruntime checks external weights of a subgraph by other rules: it refuses a file of several hard links there, as
  // package managers and caches make them. Small weights stay beside their nodes, where fusions look for them.
  const external = ({ dataLocation }: TensorProto) => dataLocation === DataLocation.EXTERNAL;
  root.adopt([], graph.initializer.filter(external));
  g.adopt(nodes, graph.initializer.filter((tensor) => !external(tensor)));
  const one = root.literal("int64", [], [1]);
  const last = g.node("Range", [g.node("Sub", [tokens, one]), g.node("Mul", [rows, tokens]), tokens]);
  const end = endOfTurn(root, g, { logits: head(g, last), vocabSize, turn, done });

  const out = (name: string, value: string, type: "bool" | "int64" | "float32", dims: (string | number)[]) =>
    g.output(g.node("Identity", [value], {}, { outputs: [`turn/${name}`] }), type, dims);
  out("go_on_out", end.goOn, "bool", []);
  const next = hasCaches ? end.ids : g.node("Concat", [ids, end.ids], { axis: 1 });
  out("ids_out", next, "int64", ["batch", "next"]);
  if (hasCaches) out("cached_out", total, "int64", []);
  out("done_out", end.done, "bool", ["batch"]);
  for (const slot of layout.caches) g.output(slot.present, slot.type, dimsOf(slot, "total"));
  out("token_out", end.token, "int64", ["batch"]);
  out("logprob_out", end.logprob, "float32", ["batch"]);
  return g;

  /** What `runGraph` feeds from outside. */
  function giveInputs(
    root: GraphBuilder,
    g: GraphBuilder,
    { ids: theirIds, mask, positions, useCache, keep }: GraphLayout,
    { ids, shape, before, total }: Record<"ids" | "shape" | "before" | "total", string>,
  ): void {
    const give = ({ name, type }: IntInput, value: string) =>
      g.node("Cast", [value], { to: DATA_TYPES[type] }, { outputs: [name] });
    give(theirIds, ids);
    if (mask) {
      const all = g.node("Concat", [
        g.node("Unsqueeze", [rows, int64([0])]),
        g.node("Unsqueeze", [total, int64([0])]),
      ], { axis: 0 });
      give(mask, g.node("Expand", [root.literal("int64", [], [1]), all]));
    }
    if (positions) {
      const range = g.node("Range", [before, total, root.literal("int64", [], [1])]);
      give(positions, g.node("Expand", [range, shape]));
    }
    if (keep) give(keep, root.literal("int64", [], [0]));
    if (useCache) {
      const behind = g.node("Greater", [before, root.literal("int64", [], [0])]);
      g.node("Unsqueeze", [behind, int64([0])], {}, { outputs: [useCache] });
    }
  }
}

function dimsOf({ dims }: Pick<CacheSlot, "dims">, slots: string): (string | number)[] {
  return ["batch", ...dims.map((d) => d === "slots" ? slots : d)];
}
