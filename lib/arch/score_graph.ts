/**
 * The score graph: the head runs on the wanted rows only, and LogSoftmax, the gather of the targets and the argmax
 * happen in the graph, so one number a token comes out instead of a vocabulary. Positions and attention bias are
 * inputs, so branches behind a shared, cached prefix can be packed into one run (tree scoring).
 *
 * Inputs: `ids` int64 [batch, tokens]; `positions` int64 [batch, tokens]; `bias` float [1, 1, tokens, total] (0 or the
 * lowest float), and `bias_wN` for every window N of the spec; `seqlens`, `total_length`, `past.L.key|value` as in the
 * generate graph; `rows` int64 [rows], indexes into batch x tokens; `targets` int64 [targets, 2], pairs of an index into
 * `rows` and a token id (several targets may share a row).
 * Outputs: `logits` float [rows, vocab]; `target_logprobs` float [targets]; `argmax` int64 [rows];
 * `present.L.key|value`.
 *
 * With no past the attention kernel ignores `positions` (they are then 0, 1, 2, ... by definition).
 */
import { GraphBuilder } from "../onnx/graph_builder.ts";
import { cacheName, cacheType, DecoderNodes, forEachCache, scaleInputs } from "./decoder_nodes.ts";
import { fusedAttention } from "./fused_attention.ts";
import type { PackedWeights } from "./packed_weights.ts";
import type { ArchSpec } from "./spec.ts";

export function scoreGraph(spec: ArchSpec, weights: PackedWeights): GraphBuilder {
  const g = new GraphBuilder("score");
  g.input("ids", "int64", ["batch", "tokens"]);
  g.input("positions", "int64", ["batch", "tokens"]);
  g.input("seqlens", "int32", ["batch"]);
  g.input("total_length", "int32", []);
  g.input("rows", "int64", ["rows"]);
  g.input("targets", "int64", ["targets", 2]);
  for (const window of biasWindows(spec)) g.input(biasName(window), "float32", [1, 1, "tokens", "total"]);
  const type = cacheType(spec);
  scaleInputs(g, spec);
  forEachCache(spec, (layer, kind, kvHeads, headDim) => {
    g.input(cacheName("past", layer, kind), type, ["batch", kvHeads, "past", headDim]);
  });

  const decoder = new DecoderNodes(g, g, spec, weights);
  const attend = fusedAttention(g, decoder, {
    seqlens: "seqlens",
    totalLength: "total_length",
    past: (layer, kind) => cacheName("past", layer, kind),
    present: (layer, kind) => cacheName("present", layer, kind),
    tree: { positions: "positions", bias: biasName },
  });
  const hidden = decoder.hidden({ ids: "ids", attend });
  const flat = g.node("Reshape", [hidden, g.constant("flat", "int64", [2], [-1, spec.hiddenSize])]);
  const logits = g.node("Identity", [decoder.head(g.node("Gather", [flat, "rows"]))], {}, { outputs: ["logits"] });
  g.node("GatherND", [g.node("LogSoftmax", [logits], { axis: -1 }), "targets"], {}, { outputs: ["target_logprobs"] });
  g.node("ArgMax", [logits], { axis: -1, keepdims: 0 }, { outputs: ["argmax"] });

  g.output("logits", "float32", ["rows", spec.vocabSize]);
  g.output("target_logprobs", "float32", ["targets"]);
  g.output("argmax", "int64", ["rows"]);
  forEachCache(spec, (layer, kind, kvHeads, headDim) => {
    g.output(cacheName("present", layer, kind), type, ["batch", kvHeads, "total", headDim]);
  });
  return g;
}

/** The distinct windows of a spec's layers; `undefined` stands for full attention. */
export function biasWindows(spec: ArchSpec): (number | undefined)[] {
  return [...new Set(spec.layers.map((l) => l.mixer.window))];
}

export function biasName(window: number | undefined): string {
  return window === undefined ? "bias" : `bias_w${window}`;
}
