/**
 * The generate graph: one Loop whose first turn is the prompt's prefill and every further turn decodes one token, so
 * that prefill, stepwise and in-graph decoding are one set of nodes with one packed copy of the weights. Caches grow
 * and stay in the graph; only token ids come out unless the caches are asked for.
 *
 * Inputs: `ids` int64 [batch, tokens]; `seqlens` int32 [batch] and `total_length` int32 [] (past included);
 * `past.L.*`, the states of layer L, of which keys and values are [batch, kvHeads, past, headDim]; `max_new` int64 []; `eos` int64 [any, at least one; -1 for none];
 * `suppress_eos` bool [] (true: the eos ids are never chosen, as transformers' min_new_tokens does);
 * `temperature` float [] (0: greedy), `top_k` int64 [1], `top_p` float [], `uniforms` float [max_new, batch];
 * `want_logprobs` bool [].
 * Outputs: `tokens` int64 [turns, batch], -1 where a row's logits were not finite (the row is done then); `logprobs`
 * float [turns, batch] (of the untempered distribution; 0 when not wanted); `present.L.*`.
 */
import { GraphBuilder } from "../onnx/graph_builder.ts";
import { Decoder, type GraphWeights } from "./decoder.ts";
import { endOfTurn, turnInputs } from "./end_of_turn.ts";
import { fusedAttention } from "./fused_attention.ts";
import type { ArchSpec } from "./spec.ts";
import { cacheName, forEachState, scaleInputs, stateDims } from "./states.ts";
import { causalPlaces } from "./visible.ts";

export function generateGraph(spec: ArchSpec, data: GraphWeights): GraphBuilder {
  const root = new GraphBuilder("generate");
  root.input("ids", "int64", ["batch", "tokens"]);
  root.input("seqlens", "int32", ["batch"]);
  root.input("total_length", "int32", []);
  turnInputs(root);
  scaleInputs(root, spec);
  const past: string[] = [], present: string[] = [];
  forEachState(spec, (layer, state) => {
    const { name, type } = state;
    past.push(root.input(cacheName("past", layer, name), type, stateDims(state, "batch", "past")));
    present.push(cacheName("present", layer, name));
    root.output(cacheName("present", layer, name), type, stateDims(state, "batch", "total"));
  });
  root.output("tokens", "int64", ["turns", "batch"]);
  root.output("logprobs", "float32", ["turns", "batch"]);

  // No row is done at the start: seqlens is never negative.
  const done = root.node("Less", ["seqlens", root.literal("int32", [], [0])]);
  root.node(
    "Loop",
    ["max_new", root.literal("bool", [], [1]), "ids", "seqlens", "total_length", done, ...past],
    { body: { graph: loopBody(root, spec, data) } },
    { outputs: ["last_ids", "last_seqlens", "last_total", "last_done", ...present, "tokens", "logprobs"] },
  );
  return root;
}

function loopBody(root: GraphBuilder, spec: ArchSpec, data: GraphWeights): GraphBuilder {
  const g = new GraphBuilder("turn", "turn/");
  const inner = (name: string) => `turn/${name}`;
  const turn = g.input(inner("index"), "int64", []);
  g.input(inner("go_on"), "bool", []);
  const ids = g.input(inner("ids"), "int64", ["batch", "tokens"]);
  const seqlens = g.input(inner("seqlens"), "int32", ["batch"]);
  const totalLength = g.input(inner("total_length"), "int32", []);
  const done = g.input(inner("done"), "bool", ["batch"]);
  forEachState(spec, (layer, state) => {
    g.input(inner(cacheName("past", layer, state.name)), state.type, stateDims(state, "batch", "past"));
  });

  const decoder = new Decoder(root, g, spec, data);
  const inputs = {
    ...causalPlaces(root, g, { ids, seqlens, totalLength }),
    state: (layer: number, name: Parameters<typeof cacheName>[2]) => ({
      past: inner(cacheName("past", layer, name)),
      present: inner(cacheName("present", layer, name)),
    }),
  };
  const attend = fusedAttention(decoder, inputs, { seqlens, totalLength, tree: false });
  const logits = decoder.lastLogits(decoder.hidden({ ...inputs, ids, attend }));
  const end = endOfTurn(root, g, { logits, vocabSize: spec.vocabSize, turn, done });
  const one = root.literal("int32", [], [1]);

  const out = (name: string, value: string, type: "bool" | "int64" | "int32" | "float32", dims: (string | number)[]) =>
    g.output(g.node("Identity", [value], {}, { outputs: [inner(name)] }), type, dims);
  out("go_on_out", end.goOn, "bool", []);
  out("ids_out", end.ids, "int64", ["batch", 1]);
  out("seqlens_out", g.node("Add", [seqlens, one]), "int32", ["batch"]);
  out("total_length_out", g.node("Add", [totalLength, one]), "int32", []);
  out("done_out", end.done, "bool", ["batch"]);
  forEachState(spec, (layer, state) => {
    g.output(inner(cacheName("present", layer, state.name)), state.type, stateDims(state, "batch", "total"));
  });
  out("token_out", end.token, "int64", ["batch"]);
  out("logprob_out", end.logprob, "float32", ["batch"]);
  return g;
}
