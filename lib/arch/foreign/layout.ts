/** What the inputs and outputs of a text decoder mean that another program made: found by their types, shapes and names. */
import type { Dim, OnnxGraph, OnnxModel, OnnxValue } from "../../onnx/onnx_model.ts";

/** An input of whole numbers. */
export interface IntInput {
  name: string;
  type: "int64" | "int32";
}

/** A state that a run reads and the next one gets: keys and values, or a convolution's or recurrence's. */
export interface CacheSlot {
  past: string;
  present: string;
  type: "float32" | "float16";
  /** Behind the batch; "slots" is one for each token. */
  dims: (number | "slots")[];
}

export interface GraphLayout {
  ids: IntInput;
  mask: IntInput | null;
  positions: IntInput | null;
  /** Of merged decoders: whether there is something in the caches. */
  useCache: string | null;
  /** How many of the last tokens get logits; 0 is all. */
  keep: IntInput | null;
  /** Empty: the graph runs whole sequences. */
  caches: CacheSlot[];
  logits: { name: string; type: "float32" | "float16" };
  /** null where the graph leaves it open. */
  vocabSize: number | null;
}

/** Inputs by name; what a name does not say, its shape and its use may. */
const NAMES = {
  ids: /^(input_?ids|ids|tokens|token_ids)$/i,
  mask: /mask/i,
  positions: /position/i,
  keep: /logits_to_keep/i,
};

/**
 * Read the layout of a graph.
 *
 * @param headDim Size of a head as the files beside it say: for graphs that leave it open.
 * @throws {TypeError} If an input is none of a text decoder, naming it.
 */
export function graphLayout({ graph }: OnnxModel, path: string, headDim: number | null): GraphLayout {
  const refuse = (reason: string): never => {
    throw new TypeError(`Cannot open ${path}: ${reason}`);
  };
  const left = new Map(graph.inputs.map((input) => [input.name, input]));
  const logits = logitsOf(graph) ?? refuse(
    `none of its outputs is of logits, float [batch, tokens, vocabulary]: ${graph.outputs.map(shown).join(", ")}`,
  );
  const take = (name: keyof typeof NAMES, ranks: number[]): IntInput | null => {
    const found = [...left.values()].find((v) => NAMES[name].test(v.name) && isInt(v) && ranks.includes(rank(v)));
    return found ? (left.delete(found.name), intInput(found)) : null;
  };
  const mask = take("mask", [2]), positions = take("positions", [2]), keep = take("keep", [0, 1]);
  const useCache = [...left.values()].find((v) => v.type === "bool" && /use_cache/i.test(v.name))?.name ?? null;
  if (useCache) left.delete(useCache);
  const caches = graph.inputs.flatMap((input) => {
    const slot = left.has(input.name) && isFloat(input) && rank(input) >= 3 ? cacheSlot(input, graph, headDim) : null;
    if (typeof slot === "string") refuse(slot);
    if (slot) left.delete(input.name);
    return slot && typeof slot !== "string" ? [slot] : [];
  });
  const ids = take("ids", [2]) ?? onlyTokens(left) ??
    refuse(`none of its inputs is of token ids, int64 or int32 [batch, tokens]: ${graph.inputs.map(shown).join(", ")}`);
  for (const input of left.values()) {
    refuse(
      `its input ${shown(input)} is none of a text decoder (ids, mask, positions, and caches that come out again)`,
    );
  }
  const vocabulary = logits.dims!.at(-1);
  return {
    ...{ ids, mask, positions, useCache, keep, caches },
    logits: { name: logits.name, type: logits.type as "float32" | "float16" },
    vocabSize: typeof vocabulary === "number" ? vocabulary : null,
  };
}

/** The one input of whole numbers that is left. */
function onlyTokens(left: Map<string, OnnxValue>): IntInput | null {
  const found = [...left.values()].filter((v) => isInt(v) && rank(v) === 2);
  return found.length === 1 ? (left.delete(found[0].name), intInput(found[0])) : null;
}

function logitsOf({ outputs }: OnnxGraph): OnnxValue | undefined {
  const fitting = outputs.filter((v) => isFloat(v) && rank(v) === 3);
  return fitting.find((v) => /logits/i.test(v.name)) ?? (fitting.length === 1 ? fitting[0] : undefined);
}

/** An input that comes out again; null for one that does not, or what is not understood of it. */
function cacheSlot(input: OnnxValue, { outputs }: OnnxGraph, headDim: number | null): CacheSlot | string | null {
  const output = outputs.find((o) => o.type === input.type && rank(o) === rank(input) && bare(o) === bare(input));
  if (!output) return null;
  const dims: (number | "slots")[] = [];
  for (const [axis, dim] of input.dims!.entries()) {
    if (axis === 0) continue;
    const after = output.dims![axis], isLast = axis === rank(input) - 1;
    if (typeof dim === "number") dims.push(dim);
    else if (!isLast && (dim !== after || /seq|past|len/i.test(dim))) dims.push("slots");
    else if (isLast && headDim !== null) dims.push(headDim);
    else {return `its cache ${
        shown(input)
      } has an axis of unknown size, "${dim}"; config.json or genai_config.json says none`;}
  }
  if (dims.filter((d) => d === "slots").length > 1) return `its cache ${shown(input)} grows on several axes`;
  return { past: input.name, present: output.name, type: input.type as CacheSlot["type"], dims };
}

/** A cache's name without the words for before and after. */
function bare({ name }: OnnxValue): string {
  return name.toLowerCase().replaceAll(/(past|present|key_values|new|updated|out|in)(?=[._\d]|$)[._]?/g, "");
}

function isInt({ type }: OnnxValue): boolean {
  return type === "int64" || type === "int32";
}

function isFloat({ type }: OnnxValue): boolean {
  return type === "float32" || type === "float16";
}

function rank({ dims }: OnnxValue): number {
  return dims?.length ?? -1;
}

function intInput({ name, type }: OnnxValue): IntInput {
  return { name, type: type as IntInput["type"] };
}

function shown({ name, type, dims }: OnnxValue): string {
  return `"${name}" (${type} [${dims?.map((d: Dim) => d === "" ? "?" : d).join(", ") ?? "of any shape"}])`;
}
