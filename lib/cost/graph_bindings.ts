/** Numbers for the symbols of a language model's graph, by what its inputs are called. */
import { type Bindings, evaluateDim, symbolsOf } from "../onnx/dims.ts";
import { modelSymbols } from "../onnx/infer_shapes.ts";
import type { OnnxModel, OnnxValue } from "../onnx/onnx_model.ts";

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
  [/^(input_)?ids$|^position(_id)?s$|^token_type_ids$/, ["batch", "tokens"]],
  [/^inputs_embeds$/, ["batch", "tokens", null]],
  [/^attention_mask$/, ["batch", "total"]],
  [/^(seqlens(_k)?|lengths)$/, ["batch"]],
  [/^past.*\.(key|value)$/, ["batch", null, "past", null]],
  [/(past|state).*\d/, ["batch"]],
];

/** Whether a model keeps keys, values or states from one pass to the next. */
export function hasCache({ graph }: OnnxModel): boolean {
  return graph.inputs.some(({ name }) => /past|state/.test(name));
}

/**
 * Bindings of one forward pass. A model without a cache gets past and new tokens as one sequence.
 *
 * @param more Sizes and values that can't be told from the inputs' names.
 * @throws {RangeError} If a symbol is left; names it and the inputs that have it.
 */
export function passBindings(model: OnnxModel, sizes: PassSizes, more: Bindings = {}): PassBindings {
  const { batch } = sizes, cached = hasCache(model), past = cached ? sizes.past : 0;
  const tokens = cached ? sizes.tokens : sizes.past + sizes.tokens;
  const axes: Record<Axis, number> = { batch, tokens, past, total: past + tokens };
  const bindings: Bindings = { ...more };
  for (const { name, dims } of model.graph.inputs) {
    const known = INPUTS.find(([pattern]) => pattern.test(name))?.[1] ?? [];
    (dims ?? []).forEach((dim, i) => {
      const axis = known[i], [symbol, ...others] = symbolsOf(dim === "" ? `${name}#${i}` : dim);
      if (axis && symbol && others.length === 0 && evaluateDim(symbol, bindings) === null) {
        bindings[symbol] = axes[axis];
      }
    });
  }
  const scalars: Bindings = {
    total_length: axes.total,
    total_sequence_length: axes.total,
    use_cache_branch: past > 0 ? 1 : 0,
  };
  for (const { name } of model.graph.inputs) if (name in scalars) bindings[name] ??= scalars[name];
  const open = modelSymbols(model).filter((s) => !Object.hasOwn(bindings, s));
  for (const symbol of open) bindings[symbol] = headDim(model, symbol) ?? unbound(model.graph.inputs, open);
  return {
    bindings,
    values: {
      attention_mask: (dims) => new Float64Array(dims.reduce((a, b) => a * b, 1)).fill(1),
      position_ids: (dims) => Float64Array.from({ length: dims[0] * dims[1] }, (_, i) => past + i % dims[1]),
      positions: (dims) => Float64Array.from({ length: dims[0] * dims[1] }, (_, i) => past + i % dims[1]),
    },
  };
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
  const of = inputs.filter((i) => i.dims?.some((d) => open.includes(String(d)))).map((i) => i.name);
  throw new RangeError(
    `Cannot count the graph's cost: no size for ${open.join(", ")} (of ${of.join(", ")}); give it as a binding`,
  );
}
