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
import { cacheName, cacheType, DecoderNodes, forEachCache, scaleInputs } from "./decoder_nodes.ts";
import { endOfTurn, turnInputs } from "./end_of_turn.ts";
import { fusedAttention } from "./fused_attention.ts";
import type { PackedWeights } from "./packed_weights.ts";
import type { ArchSpec } from "./spec.ts";

export function generateGraph(spec: ArchSpec, weights: PackedWeights): GraphBuilder {
  const root = new GraphBuilder("generate");
  root.input("ids", "int64", ["batch", "tokens"]);
  root.input("seqlens", "int32", ["batch"]);
  root.input("total_length", "int32", []);
  turnInputs(root);
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
  const attend = fusedAttention(g, decoder, {
    seqlens,
    totalLength,
    past: (layer, kind) => inner(cacheName("past", layer, kind)),
    present: (layer, kind) => inner(cacheName("present", layer, kind)),
  });
  const hidden = decoder.hidden({ ids, attend });
  const end = endOfTurn(root, g, decoder, { hidden, turn, done });
  const one = root.constant("one_i32", "int32", [], [1]);

  const out = (name: string, value: string, type: "bool" | "int64" | "int32" | "float32", dims: (string | number)[]) =>
    g.output(g.node("Identity", [value], {}, { outputs: [inner(name)] }), type, dims);
  out("go_on_out", end.goOn, "bool", []);
  out("ids_out", end.ids, "int64", ["batch", 1]);
  out("seqlens_out", g.node("Add", [seqlens, one]), "int32", ["batch"]);
  out("total_length_out", g.node("Add", [totalLength, one]), "int32", []);
  out("done_out", end.done, "bool", ["batch"]);
  forEachCache(spec, (layer, kind, kvHeads, headDim) => {
    g.output(inner(cacheName("present", layer, kind)), type, ["batch", kvHeads, "total", headDim]);
  });
  out("token_out", end.token, "int64", ["batch"]);
  out("logprob_out", end.logprob, "float32", ["batch"]);
  return g;
}
