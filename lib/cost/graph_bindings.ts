/** Numbers for the symbols of a language model's graph, by what its inputs are called. */
import { type Bindings, missingSymbols, namedDims, requiredSymbols, symbolsOf } from "../onnx/dims.ts";
import type { OnnxModel, OnnxValue } from "../onnx/onnx_model.ts";
import { elementCount } from "../onnx/tensor_types.ts";
import { isCacheName } from "./graph_layers.ts";

/** Sizes of one forward pass. */
export interface PassSizes {
  batch: number;
  /** New tokens of each sequence. */
  tokens: number;
  /** Tokens in the cache. */
  past: number;
}

export interface PassBindings {
  bindings: Bindings;
  /** Masks and positions. */
  values: Record<string, (dims: number[]) => Float64Array>;
}

type Axis = "batch" | "tokens" | "past" | "total";

/** The axes of inputs by their names, as optimum, transformers.js, onnxruntime-genai and this library call them. */
const INPUTS: [name: RegExp, axes: (Axis | null)[]][] = [
  [/^(input_)?ids$|^position(_id)?s$|^token_type_ids$|^inputs_embeds$/, ["batch", "tokens"]],
  [/^attention_mask$/, ["batch", "total"]],
  [/^past.*\.(key|value)$/, ["batch", null, "past"]],
];
/** Symbols that say themselves what they are. */
const SYMBOLS: [symbol: RegExp, axis: Axis][] = [
  [/^batch/, "batch"],
  [/^(past|capacity)/, "past"],
  [/^total/, "total"],
  [/^(tokens|seq)/, "tokens"],
  [/^(rows|targets)$/, "batch"], // of a score graph: one row a sequence
];

/** Values of small inputs that steer a graph: exporters' merged decoders, and this library's: one turn, greedy. */
function steering(axes: Record<Axis, number>): Bindings {
  return {
    use_cache_branch: axes.past > 0 ? 1 : 0,
    total_length: axes.total,
    total_sequence_length: axes.total,
    seqlens: axes.total - 1,
    lengths: axes.past,
    max_new: 1,
    suppress_eos: 0,
    temperature: 0,
    top_k: 1,
    top_p: 1,
    want_logprobs: 0,
  };
}

/** Whether a model keeps keys, values or states from one pass to the next. */
export function hasCache({ graph }: OnnxModel): boolean {
  return graph.inputs.some(({ name }) => isCacheName(name));
}

/**
 * Bindings of one forward pass. A model without a cache gets past and new tokens as one sequence.
 *
 * @param more Sizes and values that can't be told from the inputs' names; they win.
 * @throws {RangeError} If a symbol is left; names it and the inputs that have it.
 */
export function passBindings(model: OnnxModel, sizes: PassSizes, more: Bindings = {}): PassBindings {
  const { batch } = sizes, { inputs } = model.graph, cached = hasCache(model), past = cached ? sizes.past : 0;
  const tokens = cached ? sizes.tokens : sizes.past + sizes.tokens;
  const axes: Record<Axis, number> = { batch, tokens, past, total: past + tokens };
  const byName: Bindings = {}, bySymbol: Bindings = {};
  for (const input of inputs) {
    const known = INPUTS.find(([pattern]) => pattern.test(input.name))?.[1] ?? [];
    namedDims(input).forEach((dim, i) => {
      const axis = known[i], symbols = symbolsOf(dim);
      if (axis) byName[dim] ??= axes[axis];
      for (const symbol of symbols) {
        const named = SYMBOLS.find(([pattern]) => pattern.test(symbol));
        if (named) bySymbol[symbol] = axes[named[1]];
      }
    });
  }
  const steered = Object.entries(steering(axes)).filter(([name]) => inputs.some((input) => input.name === name));
  const bindings: Bindings = { ...bySymbol, ...byName, eos_ids: 1, ...Object.fromEntries(steered), ...more };
  const open = missingSymbols(inputs, bindings);
  for (const symbol of open) bindings[symbol] = headDim(model, symbol) ?? unbound(inputs, open);
  return { bindings, values: passValues(past) };
}

/** Masks of ones, positions behind the past, and the causal bias of this library's score graphs. */
function passValues(past: number): PassBindings["values"] {
  const positions = (dims: number[]) => filled(dims, (i) => past + i % dims[1]);
  const causal = ([, , tokens, total]: number[]) =>
    filled([tokens, total], (i) => (i % total <= past + Math.floor(i / total) ? 0 : -Infinity));
  return { attention_mask: (dims) => filled(dims, () => 1), position_ids: positions, positions, bias: causal };
}

function filled(dims: number[], value: (i: number) => number): Float64Array {
  return Float64Array.from({ length: elementCount(dims) }, (_, i) => value(i));
}

/** The head size of a cache whose file leaves it open: from the width of the projection before its attention. */
function headDim({ graph }: OnnxModel, symbol: string): number | null {
  const caches = new Set(graph.inputs.filter((i) => i.dims?.[3] === symbol).map((i) => i.name));
  const attention = graph.nodes.find((n) => n.opType === "GroupQueryAttention" && n.inputs.some((i) => caches.has(i)));
  const producer = graph.nodes.find((n) => n.outputs[0] === attention?.inputs[0]);
  const width = producer?.attributes.get("N") ?? graph.initializers.get(producer?.inputs[1] ?? "")?.dims.at(-1);
  const heads = attention?.attributes.get("num_heads"), kvHeads = attention?.attributes.get("kv_num_heads");
  if (typeof width !== "number" || typeof heads !== "number" || typeof kvHeads !== "number") return null;
  return width / (attention!.inputs[1] === "" ? heads + 2 * kvHeads : heads);
}

function unbound(inputs: OnnxValue[], open: string[]): never {
  const of = inputs.filter((i) => requiredSymbols([i]).some((s) => open.includes(s))).map((i) => i.name);
  throw new RangeError(
    `Cannot count the graph's cost: no size for ${open.join(", ")} (of ${of.join(", ")}); give it as a binding`,
  );
}
