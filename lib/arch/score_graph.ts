/**
 * The score graph: the head and the last layer's channel mixer run on the wanted rows only, and LogSoftmax, the gather of
 * the targets and the argmax happen in the graph, so one number a token comes out instead of a vocabulary. Positions and
 * attention bias are inputs, so branches behind a shared, cached prefix can be packed into one run (tree scoring).
 *
 * Inputs: `ids` int64 [batch, tokens]; `positions` int64 [batch, tokens]; `bias` float [1, 1, tokens, total] (0 or the
 * lowest float), and one for every window of the spec (`biasName`); `key_positions` int64 [1, total] where
 * a layer has ALiBi; `seqlens`, `total_length`, `past.L.*` as in the
 * generate graph; `rows` int64 [rows], indexes into batch x tokens; `targets` int64 [targets, 2], pairs of an index into
 * `rows` and a token id (several targets may share a row).
 * Outputs: `logits` float [rows, vocab]; `target_logprobs` float [targets]; `argmax` int64 [rows];
 * `present.L.*`.
 *
 * With no past the attention kernel ignores `positions` (they are then 0, 1, 2, ... by definition).
 */
import { DATA_TYPES, GraphBuilder } from "../onnx/graph_builder.ts";
import { emitArgmax } from "./argmax.ts";
import { Decoder, type GraphWeights } from "./decoder.ts";
import { fusedAttention } from "./fused_attention.ts";
import type { ArchSpec } from "./spec.ts";
import { cacheName, forEachState, scaleInputs, stateDims } from "./states.ts";
import { biasKinds, biasName, hasAlibi } from "./visible.ts";

export function scoreGraph(spec: ArchSpec, data: GraphWeights): GraphBuilder {
  const g = new GraphBuilder("score");
  g.input("ids", "int64", ["batch", "tokens"]);
  g.input("positions", "int64", ["batch", "tokens"]);
  g.input("seqlens", "int32", ["batch"]);
  g.input("total_length", "int32", []);
  g.input("rows", "int64", ["rows"]);
  g.input("targets", "int64", ["targets", 2]);
  for (const visible of biasKinds(spec)) g.input(biasName(visible), "float32", [1, 1, "tokens", "total"]);
  if (hasAlibi(spec)) g.input("key_positions", "int64", [1, "total"]);
  scaleInputs(g, spec);
  forEachState(spec, (layer, state) => {
    g.input(cacheName("past", layer, state.name), state.type, stateDims(state, "batch", "past"));
  });

  const decoder = new Decoder(g, g, spec, data);
  let slots: string | null = null;
  const inputs = {
    positions: () => "positions",
    slots: () => slots ??= newSlots(decoder),
    keyPositions: () => "key_positions",
    bias: biasName,
    state: (layer: number, name: Parameters<typeof cacheName>[2]) => ({
      past: cacheName("past", layer, name),
      present: cacheName("present", layer, name),
    }),
  };
  const attend = fusedAttention(decoder, inputs, { seqlens: "seqlens", totalLength: "total_length", tree: true });
  const hidden = decoder.hidden({ ...inputs, ids: "ids", attend }, "rows");
  const flat = decoder.nodes.reshape(hidden, [-1, spec.hiddenSize]);
  const logits = g.node("Identity", [decoder.head(flat)], {}, { outputs: ["logits"] });
  g.node("GatherND", [g.node("LogSoftmax", [logits], { axis: -1 }), "targets"], {}, { outputs: ["target_logprobs"] });
  g.node("Identity", [emitArgmax(g, g, logits, spec.vocabSize)], {}, { outputs: ["argmax"] });

  g.output("logits", "float32", ["rows", spec.vocabSize]);
  g.output("target_logprobs", "float32", ["targets"]);
  g.output("argmax", "int64", ["rows"]);
  forEachState(spec, (layer, state) => {
    g.output(cacheName("present", layer, state.name), state.type, stateDims(state, "batch", "total"));
  });
  return g;
}

/** The last slots of the total, one for each new token: int64 [1, tokens]. */
function newSlots({ nodes }: Decoder): string {
  const { g } = nodes;
  const total = g.node("Cast", ["total_length"], { to: DATA_TYPES.int64 });
  const tokens = g.node("Squeeze", [g.node("Shape", ["ids"], { start: 1, end: 2 })]);
  const one = g.literal("int64", [], [1]);
  return g.node("Unsqueeze", [g.node("Range", [g.node("Sub", [total, tokens]), total, one]), nodes.int64([0])]);
}
