/** A state that a graph reads and gives again: found by its name, its type and its shape before and after a run. */
import type { Dim, OnnxGraph, OnnxNode, OnnxValue } from "../../onnx/onnx_model.ts";
import { presentOf, type SaidNames } from "./genai_names.ts";
import { rank, shownValue } from "./values.ts";

/** A state that a run reads and the next one gets: keys and values, or a convolution's or recurrence's. */
export interface CacheSlot {
  past: string;
  present: string;
  type: "float32" | "float16";
  /** Behind the batch; "slots" is one for each token. */
  dims: (number | "slots")[];
}

/** Sizes that the files beside a graph say, for axes that it leaves open. */
export interface SaidSizes {
  kvHeads: number | null;
  headDim: number | null;
}

/**
 * An input as a state.
 *
 * @returns null for one that does not come out again, or in words what is not understood of it.
 */
export function cacheSlot(
  input: OnnxValue,
  { outputs }: OnnxGraph,
  names: SaidNames,
  sizes: SaidSizes,
): CacheSlot | string | null {
  const said = presentOf(input.name, names), alike = (o: OnnxValue) => o.type === input.type && rank(o) === rank(input);
  const output = outputs.find((o) => said === undefined ? alike(o) && bare(o) === bare(input) : o.name === said);
  if (!output) return said === undefined ? null : `its cache ${shownValue(input)} has no output "${said}"`;
  if (!alike(output)) return `its cache ${shownValue(input)} comes out as ${shownValue(output)}`;
  const dims: (number | "slots")[] = [];
  for (const [axis, dim] of input.dims!.entries()) {
    if (axis === 0) continue;
    const size = sizeOf(dim, output.dims![axis], axis, rank(input), sizes);
    if (size === null) {
      return `its cache ${shownValue(input)} has an axis of unknown size, ${JSON.stringify(dim)} (after a run ` +
        `${JSON.stringify(output.dims![axis])}); config.json or genai_config.json says none`;
    }
    dims.push(size);
  }
  if (dims.filter((d) => d === "slots").length > 1) return `its cache ${shownValue(input)} grows on several axes`;
  return { past: input.name, present: output.name, type: input.type as CacheSlot["type"], dims };
}

function sizeOf(before: Dim, after: Dim, axis: number, axes: number, sizes: SaidSizes): number | "slots" | null {
  if (typeof before === "number") return typeof after !== "number" || after === before ? before : null;
  if (before !== after || /seq|past|total|len/i.test(before)) return "slots";
  if (axes !== 4) return null;
  // Keys and values are [batch, heads, tokens, head].
  return axis === 1 ? sizes.kvHeads : axis === 3 ? sizes.headDim : "slots";
}

/**
 * Whether keys and values can lie in one buffer before and after a run: only GroupQueryAttention reads and writes them,
 * which puts what is new behind what each row has.
 */
export function canShareBuffers({ nodes }: OnnxGraph, caches: CacheSlot[]): boolean {
  const growing = caches.filter(({ dims }) => dims.includes("slots"));
  return growing.length > 0 && growing.every(({ past, present }) => {
    const readers = nodes.filter((node) => node.inputs.includes(past) || hasSubgraph(node));
    return readers.length === 1 && !hasSubgraph(readers[0]) && readers[0].opType === "GroupQueryAttention" &&
      [3, 4].some((at) => readers[0].inputs[at] === past && readers[0].outputs[at - 2] === present);
  });
}

/** A subgraph may read any name. */
function hasSubgraph({ attributes }: OnnxNode): boolean {
  return [...attributes.values()].some((value) => typeof value === "object" && "nodes" in value);
}

/** A cache's name without the words for before and after. */
function bare({ name }: OnnxValue): string {
  return name.toLowerCase().replaceAll(/(past|present|key_values|new|updated|out|in)(?=[._\d]|$)[._]?/g, "");
}
