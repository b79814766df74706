/**
 * A decoder of one layer of attention, as graphs of every layout that other programs write, and its logits computed
 * without a graph.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Attribute, DATA_TYPES, type ElementType, GraphBuilder } from "../../../lib/onnx/graph_builder.ts";

export const VOCAB = 16, CONTEXT = 48;
const SIZE = 8;

/** Names of inputs and outputs, as a program gives them. */
export interface Names {
  ids: string;
  mask: string;
  positions: string;
  logits: string;
  past(state: string): string;
  present(state: string): string;
}

export const OPTIMUM: Names = {
  ...{ ids: "input_ids", mask: "attention_mask", positions: "position_ids", logits: "logits" },
  past: (state) => state === "conv" ? "past_conv.0" : `past_key_values.0.${state}`,
  present: (state) => state === "conv" ? "present_conv.0" : `present.0.${state}`,
};

export interface TinyLayout {
  names?: Names;
  ints?: "int64" | "int32";
  mask?: boolean;
  /** As an input; else the graph counts what is cached. */
  positions?: boolean;
  floats?: "float32" | "float16";
  /** "first": none are read, and they are given. "merged": both, by `use_cache_branch`. */
  caches?: "both" | "none" | "first" | "merged";
  /** A state that does not grow: half of the token before is added to each. */
  conv?: boolean;
  logits?: "all" | "last" | "keep";
  /** Divides by the largest value of the whole run, as dynamic quantisation does. */
  mixed?: boolean;
  /** Sizes of the batch and of a run's tokens that are fixed. */
  rows?: 1;
  tokens?: 1;
  /** Files that the weights lie in, one after the other. Default: none, they are in the graph. */
  data?: string[];
}

const seeded = (seed: number) => () => (seed = (seed * 48271) % 2147483647) / 2147483647 - 0.5;
const matrix = (seed: number, rows: number, scale: number) => {
  const next = seeded(seed);
  return Array.from({ length: rows * SIZE }, () => Math.fround(Math.round(next() * scale * 64) / 64));
};
const WEIGHTS: Record<string, { rows: number; values: number[] }> = {
  embedding: { rows: VOCAB, values: matrix(7, VOCAB, 4) },
  places: { rows: CONTEXT, values: matrix(11, CONTEXT, 2) },
  query: { rows: SIZE, values: matrix(13, SIZE, 2) },
  key: { rows: SIZE, values: matrix(17, SIZE, 2) },
  value: { rows: SIZE, values: matrix(19, SIZE, 3) },
};

/** Write the graph, and its weights where they lie apart. */
export async function writeTiny(path: string, layout: TinyLayout = {}): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, tinyDecoder(layout).model());
  for (const [i, file] of (layout.data ?? []).entries()) {
    const parts = Object.values(WEIGHTS).filter((_, at) => at % layout.data!.length === i);
    await writeFile(
      join(dirname(path), file),
      new Uint8Array(Float32Array.from(parts.flatMap((p) => p.values)).buffer),
    );
  }
}

export function tinyDecoder(layout: TinyLayout = {}): GraphBuilder {
  const { names = OPTIMUM, ints = "int64", mask = true, positions = true, floats = "float32", caches = "both" } =
    layout;
  const { conv = false, logits = "all", rows = "batch_size", tokens = "sequence_length" } = layout;
  const g = new GraphBuilder("tiny"), reads = caches === "both" || caches === "merged";
  const total = reads ? "past_sequence_length + sequence_length" : "sequence_length";
  g.input(names.ids, ints, [rows, tokens]);
  if (mask) g.input(names.mask, ints, [rows, total]);
  if (positions) g.input(names.positions, ints, [rows, tokens]);
  if (logits === "keep") g.input("num_logits_to_keep", "int64", []);
  if (caches === "merged") g.input("use_cache_branch", "bool", [1]);
  for (const state of ["key", "value"]) {
    if (reads) g.input(names.past(state), floats, [rows, 1, "past_sequence_length", SIZE]);
    if (caches !== "none") g.output(names.present(state), floats, [rows, 1, total, SIZE]);
  }
  if (conv) {
    g.input(names.past("conv"), floats, [rows, SIZE, 1]);
    g.output(names.present("conv"), floats, [rows, SIZE, 1]);
  }
  g.output(names.logits, floats, [rows, logits === "last" ? 1 : tokens, VOCAB]);
  addWeights(g, layout.data);
  const made = [names.logits, names.present("key"), names.present("value")];
  if (caches !== "merged") {
    const outputs = body(g, layout, reads);
    const all = caches === "none" ? outputs.slice(0, 1) : outputs;
    all.forEach((name, i) => g.node("Cast", [name], { to: DATA_TYPES[floats] }, { outputs: [made[i]] }));
    if (conv) g.node("Cast", [outputs[3]], { to: DATA_TYPES[floats] }, { outputs: [names.present("conv")] });
    return g;
  }
  const branch = (past: boolean): Attribute => {
    const inner = new GraphBuilder(past ? "with_past" : "without", past ? "p/" : "n/");
    for (const [i, name] of body(inner, layout, past).slice(0, 3).entries()) {
      const output = `${inner.prefix}out.${i}`;
      inner.node("Cast", [name], { to: DATA_TYPES[floats] }, { outputs: [output] });
      inner.output(output, floats, []);
    }
    return { graph: inner };
  };
  const flag = g.node("Squeeze", ["use_cache_branch"]);
  g.node("If", [flag], { then_branch: branch(true), else_branch: branch(false) }, { outputs: made });
  return g;
}

/** In the graph, or in files beside it. */
function addWeights(g: GraphBuilder, data: string[] = []): void {
  const offsets = data.map(() => 0);
  for (const [at, [name, { rows, values }]] of Object.entries(WEIGHTS).entries()) {
    const file = at % data.length, length = 4 * values.length;
    if (!data.length) g.constant(name, "float32", [rows, SIZE], values);
    else {
      g.weight(name, "float32", [rows, SIZE], { location: data[file], offset: offsets[file], length });
      offsets[file] += length;
    }
  }
}

/** [logits, keys, values, convolution's state] in float32. */
function body(g: GraphBuilder, layout: TinyLayout, past: boolean): string[] {
  const { names = OPTIMUM, mask = true, positions = true, conv = false, logits = "all" } = layout;
  const ints = (values: number[], dims = [values.length]) => g.literal("int64", dims, values);
  const cast = (name: string, to: ElementType) => g.node("Cast", [name], { to: DATA_TYPES[to] });
  const range = (from: string, to: string) => g.node("Range", [from, to, ints([1], [])]);
  const ids = cast(names.ids, "int64"), none = ints([0], []);
  const count = g.node("Squeeze", [g.node("Shape", [ids], { start: 1, end: 2 })]);
  const cached = past ? g.node("Squeeze", [g.node("Shape", [names.past("key")], { start: 2, end: 3 })]) : none;
  const total = g.node("Add", [cached, count]), slots = range(cached, total);
  const places = g.node("Gather", ["places", positions ? cast(names.positions, "int64") : slots]);
  let x = g.node("Add", [g.node("Gather", ["embedding", ids]), places]), state = x;
  if (conv) {
    const before = g.node("Transpose", [cast(names.past("conv"), "float32")], { perm: [0, 2, 1] });
    const all = g.node("Concat", [before, x], { axis: 1 }), axis = ints([1]);
    const shifted = g.node("Slice", [all, ints([0]), ints([-1]), axis]);
    state = g.node("Transpose", [g.node("Slice", [all, ints([-1]), ints([1000]), axis])], { perm: [0, 2, 1] });
    x = g.node("Add", [x, g.node("Mul", [shifted, g.literal("float32", [], [0.5])])]);
  }
  const projected = (weight: string) => g.node("Unsqueeze", [g.node("MatMul", [x, weight]), ints([1])]);
  const grown = (name: string) =>
    past
      ? g.node("Concat", [cast(names.past(name), "float32"), projected(name)], { axis: 2 })
      : g.node("Identity", [projected(name)]);
  const keys = grown("key"), values = grown("value");
  const scores = g.node("MatMul", [projected("query"), g.node("Transpose", [keys], { perm: [0, 1, 3, 2] })]);
  const columns = range(none, total);
  let visible = g.node("LessOrEqual", [columns, g.node("Unsqueeze", [slots, ints([1])])]);
  if (mask) {
    const given = g.node("Unsqueeze", [cast(names.mask, "bool"), ints([1, 2])]);
    visible = g.node("And", [visible, given]);
  }
  const seen = g.node("Where", [visible, scores, g.literal("float32", [], [-1e9])]);
  const read = g.node("MatMul", [g.node("Softmax", [seen], { axis: 3 }), values]);
  let hidden = g.node("Add", [x, g.node("Squeeze", [read, ints([1])])]);
  if (layout.mixed) hidden = g.node("Div", [hidden, g.node("ReduceMax", [g.node("Abs", [hidden])], { keepdims: 0 })]);
  if (logits !== "all") {
    const from = logits === "last"
      ? ints([-1])
      : g.node("Unsqueeze", [g.node("Neg", ["num_logits_to_keep"]), ints([0])]);
    hidden = g.node("Slice", [hidden, from, ints([1000]), ints([1])]);
  }
  return [g.node("MatMul", [hidden, g.node("Transpose", ["embedding"], { perm: [1, 0] })]), keys, values, state];
}

/** Logits of each token of a sequence, by hand: [tokens][vocab]. */
export function tinyLogits(ids: number[], { conv = false }: TinyLayout = {}): number[][] {
  const row = (name: string, at: number) => WEIGHTS[name].values.slice(at * SIZE, (at + 1) * SIZE);
  const times = (x: number[], name: string) =>
    x.map((_, column) => x.reduce((sum, value, i) => sum + value * WEIGHTS[name].values[i * SIZE + column], 0));
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const inputs = ids.map((id, at) => row("embedding", id).map((value, i) => value + row("places", at)[i]));
  const mixed = inputs.map((x, at) => x.map((value, i) => value + (conv && at > 0 ? inputs[at - 1][i] / 2 : 0)));
  return mixed.map((x, at) => {
    const query = times(x, "query"), before = mixed.slice(0, at + 1);
    const scores = before.map((y) => dot(query, times(y, "key"))), most = Math.max(...scores);
    const weights = scores.map((score) => Math.exp(score - most)), sum = weights.reduce((a, b) => a + b);
    const read = before.map((y) => times(y, "value"));
    const hidden = x.map((value, i) => value + read.reduce((all, v, j) => all + weights[j] / sum * v[i], 0));
    return Array.from({ length: VOCAB }, (_, id) => dot(hidden, row("embedding", id)));
  });
}

/** Greedy ids behind a prompt, by hand. */
export function tinyGreedy(prompt: number[], count: number, layout: TinyLayout = {}): number[] {
  const ids = [...prompt];
  for (let i = 0; i < count; i++) {
    const last = tinyLogits(ids, layout).at(-1)!;
    ids.push(last.indexOf(Math.max(...last)));
  }
  return ids.slice(prompt.length);
}

/** Log-probability of the last tokens of a sequence, by hand. */
export function tinyLogLikelihood(context: number[], continuation: number[], layout: TinyLayout = {}): number {
  const logits = tinyLogits([...context, ...continuation], layout);
  return continuation.reduce((sum, id, i) => {
    const row = logits[context.length - 1 + i];
    return sum + row[id] - Math.log(row.reduce((all, value) => all + Math.exp(value), 0));
  }, 0);
}
