/**
 * The generate graph: one Loop whose first turn is the prompt's prefill and every further turn decodes one token, so
 * that prefill, stepwise and in-graph decoding are one set of nodes with one packed copy of the weights. Caches grow
 * and stay in the graph; only token ids come out unless the caches are asked for.
 *
 * Inputs: `ids` int64 [batch, tokens]; `seqlens` int32 [batch] and `total_length` int32 [] (past included);
 * `past.L.key|value` [batch, kvHeads, past, headDim]; `max_new` int64 []; `eos` int64 [any, at least one; -1 for none];
 * `suppress_eos` bool [] (true: the eos ids are never chosen, as transformers' min_new_tokens does);
 * `temperature` float [] (0: greedy), `top_k` int64 [1], `top_p` float [], `uniforms` float [max_new, batch];
 * `want_logprobs` bool [].
 * Outputs: `tokens` int64 [turns, batch], -1 where a row's logits were not finite (the row is done then); `logprobs`
 * float [turns, batch] (of the untempered distribution; 0 when not wanted); `present.L.key|value`.
 */
import { GraphBuilder } from "../onnx/graph_builder.ts";
import { chooseToken } from "./choose_token.ts";
import { cacheName, cacheType, DecoderNodes, forEachCache, scaleInputs } from "./decoder_nodes.ts";
import type { PackedWeights } from "./packed_weights.ts";
import type { ArchSpec } from "./spec.ts";

export function generateGraph(spec: ArchSpec, weights: PackedWeights): GraphBuilder {
  const root = new GraphBuilder("generate");
  root.input("ids", "int64", ["batch", "tokens"]);
  root.input("seqlens", "int32", ["batch"]);
  root.input("total_length", "int32", []);
  root.input("max_new", "int64", []);
  root.input("eos", "int64", ["eos_ids"]);
  root.input("suppress_eos", "bool", []);
  root.input("temperature", "float32", []);
  root.input("top_k", "int64", [1]);
  root.input("top_p", "float32", []);
  root.input("uniforms", "float32", ["max_new", "batch"]);
  root.input("want_logprobs", "bool", []);
  const type = cacheType(spec);
  scaleInputs(root, spec);
  const caches: { past: string; present: string; kvHeads: number; headDim: number }[] = [];
  forEachCache(spec, (layer, kind, kvHeads, headDim) => {
    const past = root.input(cacheName("past", layer, kind), type, ["batch", kvHeads, "past", headDim]);
    const present = cacheName("present", layer, kind);
    root.output(present, type, ["batch", kvHeads, "total", headDim]);
    caches.push({ past, present, kvHeads, headDim });
  });
  root.output("tokens", "int64", ["turns", "batch"]);
  root.output("logprobs", "float32", ["turns", "batch"]);

  // No row is done at the start: seqlens is never negative.
  const done = root.node("Less", ["seqlens", root.constant("zero_i32", "int32", [], [0])]);
  root.node(
    "Loop",
    [
      "max_new",
      root.constant("true", "bool", [], [1]),
      "ids",
      "seqlens",
      "total_length",
      done,
      ...caches.map((c) => c.past),
    ],
    { body: { graph: loopBody(root, spec, weights) } },
    {
      outputs: [
        "last_ids",
        "last_seqlens",
        "last_total",
        "last_done",
        ...caches.map((c) => c.present),
        "tokens",
        "logprobs",
      ],
    },
  );
  return root;
}

function loopBody(root: GraphBuilder, spec: ArchSpec, weights: PackedWeights): GraphBuilder {
  const g = new GraphBuilder("turn", "turn/");
  const type = cacheType(spec);
  const inner = (name: string) => `turn/${name}`;
  const turn = g.input(inner("index"), "int64", []);
  g.input(inner("go_on"), "bool", []);
  const ids = g.input(inner("ids"), "int64", ["batch", "tokens"]);
  const seqlens = g.input(inner("seqlens"), "int32", ["batch"]);
  const totalLength = g.input(inner("total_length"), "int32", []);
  const done = g.input(inner("done"), "bool", ["batch"]);
  forEachCache(spec, (layer, kind, kvHeads, headDim) => {
    g.input(inner(cacheName("past", layer, kind)), type, ["batch", kvHeads, "past", headDim]);
  });

  const decoder = new DecoderNodes(root, g, spec, weights);
  const hidden = decoder.hidden({
    ids,
    seqlens,
    totalLength,
    past: (layer, kind) => inner(cacheName("past", layer, kind)),
    present: (layer, kind) => inner(cacheName("present", layer, kind)),
  });
  const int64 = (name: string, values: number[]) => root.constant(name, "int64", [values.length], values);
  const lastRow = g.node("Gather", [hidden, root.constant("minus_1", "int64", [], [-1])], { axis: 1 });
  const logits = decoder.head(lastRow); // [batch, vocab]

  const drawn = chooseToken(root, g, {
    logits,
    uniform: g.node("Gather", ["uniforms", turn]),
    vocabSize: spec.vocabSize,
  });
  // One NaN makes the sum NaN; so do infinities of both signs.
  const broken = g.node("IsNaN", [g.node("ReduceSum", [logits, int64("axis_1", [1])], { keepdims: 0 })]);
  const checked = g.node("Where", [broken, root.constant("minus_1", "int64", [], [-1]), drawn]);
  const next = g.node("Where", [done, g.node("Gather", ["eos", root.constant("zero_i64", "int64", [], [0])]), checked]);
  const column = g.node("Unsqueeze", [next, int64("axis_1", [1])]); // [batch, 1]
  const logprob = g.node("If", ["want_logprobs"], {
    then_branch: { graph: logprobBranch(root, logits, column) },
    else_branch: { graph: zeroLogprobBranch(root, next) },
  });

  const anyEos = g.node("ReduceMax", [
    g.node("Cast", [g.node("Equal", [column, "eos"])], { to: INT32 }),
    int64("axis_1", [1]),
  ], { keepdims: 0 });
  const doneNow = g.node("Or", [g.node("Or", [done, broken]), g.node("Cast", [anyEos], { to: BOOL })]);
  const allDone = g.node("ReduceMin", [g.node("Cast", [doneNow], { to: INT32 })], { keepdims: 0 });
  const one = root.constant("one_i32", "int32", [], [1]);

  const out = (name: string, value: string, type: "bool" | "int64" | "int32" | "float32", dims: (string | number)[]) =>
    g.output(g.node("Identity", [value], {}, { outputs: [inner(name)] }), type, dims);
  out("go_on_out", g.node("Not", [g.node("Cast", [allDone], { to: BOOL })]), "bool", []);
  // A row that is done may hold -1, which is no row of the embedding.
  out("ids_out", g.node("Max", [column, root.constant("zero_i64", "int64", [], [0])]), "int64", ["batch", 1]);
  out("seqlens_out", g.node("Add", [seqlens, one]), "int32", ["batch"]);
  out("total_length_out", g.node("Add", [totalLength, one]), "int32", []);
  out("done_out", doneNow, "bool", ["batch"]);
  forEachCache(spec, (layer, kind, kvHeads, headDim) => {
    g.output(inner(cacheName("present", layer, kind)), type, ["batch", kvHeads, "total", headDim]);
  });
  out("token_out", next, "int64", ["batch"]);
  out("logprob_out", logprob, "float32", ["batch"]);
  return g;
}

/** ONNX element types, for Cast. */
const FLOAT = 1, INT32 = 6, BOOL = 9;

function logprobBranch(root: GraphBuilder, logits: string, column: string): GraphBuilder {
  const g = new GraphBuilder("logprob", "logprob/");
  const all = g.node("LogSoftmax", [logits], { axis: -1 });
  const axis = root.constant("axis_1", "int64", [1], [1]);
  const picked = g.node("Squeeze", [g.node("GatherElements", [all, column], { axis: 1 }), axis]);
  g.output(picked, "float32", ["batch"]);
  return g;
}

function zeroLogprobBranch(root: GraphBuilder, next: string): GraphBuilder {
  const g = new GraphBuilder("no_logprob", "no_logprob/");
  const zeros = g.node("Mul", [g.node("Cast", [next], { to: FLOAT }), root.constant("zero_f32", "float32", [], [0])]);
  g.output(zeros, "float32", ["batch"]);
  return g;
}
