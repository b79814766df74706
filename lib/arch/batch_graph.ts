/**
 * The batch graph: like the generate graph one Loop, but the caches are read where they are and only the keys and
 * values of this run grow and come out. For many rows or long contexts, where copying the past takes longer than the
 * smaller operators.
 *
 * Inputs: `ids` int64 [batch, tokens]; `lengths` int64 [batch], tokens of each row in the cache; `past.L.key|value`
 * float [batch, kvHeads, capacity, headDim], of which a row's first slots hold its tokens; and what steers the turns, as
 * in generate_graph.ts.
 * Outputs: `tokens`, `logprobs` as there; `present.L.key|value` float [batch, kvHeads, tokens + turns - 1, headDim].
 *
 * Rows of one run have as many tokens; shorter prompts are padded on the right, and only their first keys and values
 * are used then. Several rows of several tokens each must have nothing cached. No windows, fp32 caches.
 */
import { DATA_TYPES, GraphBuilder } from "../onnx/graph_builder.ts";
import { Decoder, type GraphWeights } from "./decoder.ts";
import { endOfTurn, turnInputs } from "./end_of_turn.ts";
import { HIDDEN } from "./nodes.ts";
import type { ArchSpec } from "./spec.ts";
import { splitAttention } from "./split_attention.ts";
import { cacheName, forEachKeyValue, isRecurrent } from "./states.ts";

/** Whether a spec can run this way: rotary attention over all tokens, keys and values in fp32, and nothing recurrent. */
export function hasBatchGraph(spec: ArchSpec): boolean {
  return spec.kvCache !== "int8" && !isRecurrent(spec) &&
    spec.layers.every(({ mixer }) =>
      mixer.kind === "attention" && (mixer.position ?? spec.position).kind === "rope" &&
      mixer.window === undefined
    );
}

/**
 * Rows x slots from which on the copies of the generate graph cost more than the smaller operators of the batch graph.
 * SmolLM2-135M, one row, generate against batch, ms a token: int4 at 128 tokens 7.2 and 7.7, at 256 9.2 and 8.8, at 512
 * 11.5 and 9.5, at 1,024 15.4 and 10.7, at 4,096 43 and 15.6; fp32 at 512 24 and 26, at 4,096 49 and 35.
 */
const MANY_CACHED_TOKENS = 512;

/** The generate graph copies its past in every turn; the batch graph leaves it where it is. */
export type DecodeGraph = "generate" | "batch";

/** The graph that decodes faster with so many tokens in the caches of all rows together. */
export function fasterGraph(cachedTokens: number): DecodeGraph {
  return cachedTokens >= MANY_CACHED_TOKENS ? "batch" : "generate";
}

/** The graph that was asked for, or the generate graph where the spec has no batch graph. */
export function usableGraph<K extends string>(spec: ArchSpec, kind: K): K | "generate" {
  return kind === "batch" && !hasBatchGraph(spec) ? "generate" : kind;
}

export function batchGraph(spec: ArchSpec, data: GraphWeights): GraphBuilder {
  const root = new GraphBuilder("batch");
  root.input("ids", "int64", ["batch", "tokens"]);
  root.input("lengths", "int64", ["batch"]);
  turnInputs(root);
  root.output("tokens", "int64", ["turns", "batch"]);
  root.output("logprobs", "float32", ["turns", "batch"]);
  const empty: string[] = [], made: string[] = [];
  const int64 = (values: number[]) => root.literal("int64", [values.length], values);
  const batch = root.node("Shape", ["ids"], { start: 0, end: 1 });
  const zero = root.literal("float32", [], [0]);
  forEachKeyValue(spec, (layer, kind, { kvHeads, headDim }) => {
    root.input(cacheName("past", layer, kind), "float32", ["batch", kvHeads, "capacity", headDim]);
    const shape = root.node("Concat", [batch, int64([kvHeads, 0, headDim])], {
      axis: 0,
    });
    empty.push(root.node("Expand", [zero, shape]));
    root.node("Unsqueeze", [cacheName("past", layer, kind), int64([2])], {}, {
      outputs: [forGroups(layer, kind)],
    });
    made.push(cacheName("present", layer, kind));
    root.output(cacheName("present", layer, kind), "float32", ["batch", kvHeads, "made", headDim]);
  });

  const lengths = root.node("Unsqueeze", ["lengths", int64([1])]); // [batch, 1]
  const capacity = root.node("Shape", [cacheName("past", 0, "key")], { start: 2, end: 3 });
  const slots = root.node("Less", [range(root, root, capacity), lengths]); // [batch, capacity]
  const bias = root.node("Where", [slots, zero, root.literal("float32", [], [HIDDEN])]);
  const cacheBias = root.node("Unsqueeze", [bias, int64([1, 2])]);
  const done = root.node("Less", ["lengths", root.literal("int64", [], [0])]); // never
  root.node("Loop", ["max_new", root.literal("bool", [], [1]), "ids", done, ...empty], {
    body: { graph: loopBody(root, spec, data, { lengths, cacheBias, capacity }) },
  }, { outputs: ["last_ids", "last_done", ...made, "tokens", "logprobs"] });
  return root;
}

/** A cache with an axis for the query heads that share a key head. */
function forGroups(layer: number, kind: "key" | "value"): string {
  return `groups.${layer}.${kind}`;
}

/** What only blocks other than attention ask for, of which `hasBatchGraph` has none. */
const NO_FUSED_STATE = { state: unavailable, slots: unavailable, keyPositions: unavailable, bias: unavailable };

function unavailable(): never {
  throw new TypeError("The batch graph runs attention over plain keys and values only");
}

function loopBody(
  root: GraphBuilder,
  spec: ArchSpec,
  data: GraphWeights,
  { lengths, cacheBias, capacity }: { lengths: string; cacheBias: string; capacity: string },
): GraphBuilder {
  const g = new GraphBuilder("turn", "turn/");
  const inner = (name: string) => `turn/${name}`;
  const before = (layer: number, kind: "key" | "value") => inner(`before.${layer}.${kind}`);
  const after = (layer: number, kind: "key" | "value") => inner(`after.${layer}.${kind}`);
  const turn = g.input(inner("index"), "int64", []);
  g.input(inner("go_on"), "bool", []);
  const ids = g.input(inner("ids"), "int64", ["batch", "tokens"]);
  const done = g.input(inner("done"), "bool", ["batch"]);
  forEachKeyValue(spec, (layer, kind, { kvHeads, headDim }) => {
    g.input(before(layer, kind), "float32", ["batch", kvHeads, "new", headDim]);
  });

  const made = g.node("Shape", [before(0, "key")], { start: 2, end: 3 });
  const tokens = g.node("Shape", [ids], { start: 1, end: 2 });
  const positions = g.node("Add", [lengths, g.node("Add", [range(root, g, tokens), made])]); // [batch, tokens]
  const one = root.literal("int64", [1], [1]);
  const total = g.node("Add", [lengths, tokens]); // [batch, 1], where tokens are a prompt's
  const int32 = (x: string) => g.node("Cast", [x], { to: DATA_TYPES.int32 });
  const start = g.node("ReduceMax", [lengths], { keepdims: 0 }), axis = root.literal("int64", [1], [0]);
  const decoder = new Decoder(root, g, spec, data);
  const attend = splitAttention(root, g, decoder, {
    alone: g.node("Squeeze", [g.node("Equal", [tokens, one])]),
    positions,
    cacheBias,
    widths: g.node("Concat", [capacity, g.node("Add", [made, tokens])], { axis: 0 }),
    seqlens: int32(g.node("Squeeze", [g.node("Sub", [total, one]), root.literal("int64", [1], [1])])),
    totalLength: int32(g.node("ReduceMax", [total], { keepdims: 0 })),
    promptSlots: { start: g.node("Unsqueeze", [start, axis]), end: g.node("Add", [start, tokens]) },
    cache: (layer, kind) => cacheName("past", layer, kind),
    cacheForGroups: forGroups,
    before,
    after,
  });
  const end = endOfTurn(root, g, {
    logits: decoder.lastLogits(decoder.hidden({ ids, attend, ...NO_FUSED_STATE, positions: () => positions })),
    vocabSize: spec.vocabSize,
    turn,
    done,
  });
  const out = (name: string, value: string, type: "bool" | "int64" | "float32", dims: (string | number)[]) =>
    g.output(g.node("Identity", [value], {}, { outputs: [inner(name)] }), type, dims);
  out("go_on_out", end.goOn, "bool", []);
  out("ids_out", end.ids, "int64", ["batch", 1]);
  out("done_out", end.done, "bool", ["batch"]);
  forEachKeyValue(spec, (layer, kind, { kvHeads, headDim }) => {
    g.output(after(layer, kind), "float32", ["batch", kvHeads, "made", headDim]);
  });
  out("token_out", end.token, "int64", ["batch"]);
  out("logprob_out", end.logprob, "float32", ["batch"]);
  return g;
}

/** 0, 1, ... up to a length given as int64 [1]. */
function range(root: GraphBuilder, g: GraphBuilder, length: string): string {
  const scalar = g.node("Squeeze", [length]);
  return g.node("Range", [
    root.literal("int64", [], [0]),
    scalar,
    root.literal("int64", [], [1]),
  ]);
}
