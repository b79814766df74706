/** What the inputs and outputs of a text decoder mean that another program made: found by their types, shapes and names. */
import type { OnnxGraph, OnnxModel, OnnxValue } from "../../onnx/onnx_model.ts";
import { type CacheSlot, cacheSlot, canShareBuffers, type SaidSizes } from "./cache_slot.ts";
import type { SaidNames } from "./genai_names.ts";
import { isFloat, isInt, rank, shownValue } from "./values.ts";

/** An input of whole numbers. */
export interface IntInput {
  name: string;
  type: "int64" | "int32";
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
  /** Whether keys and values lie in one buffer before and after a run, with room for tokens to come. */
  sharesBuffers: boolean;
  logits: { name: string; type: "float32" | "float16"; of: "all" | "last" };
  /** Rows, and tokens of each, that a run takes where the graph takes one number of them only: 1. null: any. */
  only: { rows: 1 | null; tokens: 1 | null };
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
 * @param names That the files beside it say; they go before what names usually mean.
 * @throws {TypeError} If an input is none of a text decoder, naming it.
 */
export function graphLayout(
  { graph }: OnnxModel,
  path: string,
  names: SaidNames,
  sizes: SaidSizes,
): GraphLayout {
  const refuse = (reason: string): never => {
    throw new TypeError(`Cannot open ${path}: ${reason}`);
  };
  const left = new Map(graph.inputs.map((input) => [input.name, input]));
  const logits = logitsOf(graph, names) ?? refuse(
    `none of its outputs is of logits, float [batch, tokens, vocabulary]: ${graph.outputs.map(shownValue).join(", ")}`,
  );
  const take = (name: keyof typeof NAMES, ranks: number[]): IntInput | null => {
    const said = name === "keep" ? undefined : names[name];
    const fits = (v: OnnxValue) => said !== undefined && left.has(said) ? v.name === said : NAMES[name].test(v.name);
    const found = [...left.values()].find((v) => fits(v) && isInt(v) && ranks.includes(rank(v)));
    return found ? (left.delete(found.name), intInput(found)) : null;
  };
  const mask = take("mask", [2]), positions = take("positions", [2]), keep = take("keep", [0, 1]);
  const useCache = [...left.values()].find((v) => v.type === "bool" && /use_cache/i.test(v.name))?.name ?? null;
  if (useCache) left.delete(useCache);
  const caches = graph.inputs.flatMap((input) => {
    const slot = left.has(input.name) && isFloat(input) && rank(input) >= 3
      ? cacheSlot(input, graph, names, sizes)
      : null;
    if (typeof slot === "string") refuse(slot);
    if (slot) left.delete(input.name);
    return slot && typeof slot !== "string" ? [slot] : [];
  });
  const ids = take("ids", [2]) ?? onlyTokens(left) ??
    refuse(
      `none of its inputs is of token ids, int64 or int32 [batch, tokens]: ${graph.inputs.map(shownValue).join(", ")}`,
    );
  for (const input of left.values()) {
    refuse(
      `its input ${shownValue(input)} is none of a text decoder (ids, mask, positions, and caches that come out again)`,
    );
  }
  const vocabulary = logits.dims!.at(-1), input = graph.inputs.find(({ name }) => name === ids.name)!;
  const [rows, tokens] = input.dims!.map((dim): 1 | null =>
    dim === 1 ? 1 : typeof dim === "number" ? refuse(`its input ${shownValue(input)} takes so many only`) : null
  );
  return {
    ...{ ids, mask, positions, useCache, keep, caches },
    sharesBuffers: names.sharesBuffers !== false && canShareBuffers(graph, caches),
    logits: {
      name: logits.name,
      type: logits.type as "float32" | "float16",
      // A graph of one token a run has one of each.
      of: rank(logits) === 2 || (logits.dims![1] === 1 && tokens === null) ? "last" : "all",
    },
    only: { rows, tokens },
    vocabSize: typeof vocabulary === "number" ? vocabulary : null,
  };
}

/** The one input of whole numbers that is left. */
function onlyTokens(left: Map<string, OnnxValue>): IntInput | null {
  const found = [...left.values()].filter((v) => isInt(v) && rank(v) === 2);
  return found.length === 1 ? (left.delete(found[0].name), intInput(found[0])) : null;
}

function logitsOf({ outputs }: OnnxGraph, { logits }: SaidNames): OnnxValue | undefined {
  const fitting = outputs.filter((v) => isFloat(v) && rank(v) === 3);
  return outputs.find((v) => v.name === logits && isFloat(v) && [2, 3].includes(rank(v))) ??
    fitting.find((v) => /logits/i.test(v.name)) ??
    outputs.find((v) => v.name === "logits" && isFloat(v) && rank(v) === 2) ??
    (fitting.length === 1 ? fitting[0] : undefined);
}

function intInput({ name, type }: OnnxValue): IntInput {
  return { name, type: type as IntInput["type"] };
}
