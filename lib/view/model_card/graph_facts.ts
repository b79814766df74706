/** All that the card of a graph shows that another program made, as data: read from its file, without weights. */
import { basename, join } from "node:path";
import type { CacheSlot } from "../../arch/foreign/cache_slot.ts";
import type { ResolvedGraph } from "../../arch/foreign/resolved_graph.ts";
import { fileSize } from "../../arch/file_range.ts";
import { HfConfig } from "../../arch/hf/config.ts";
import { specOfConfig } from "../../arch/hf/folder.ts";
import { readJsonObject } from "../../arch/json_file.ts";
import type { ArchSpec } from "../../arch/spec.ts";
import { folderWords } from "../../arch/stored_form.ts";
import { validateSpec } from "../../arch/validate.ts";
import { CostedGraph, graphOfRef } from "../../cost/costed_graph.ts";
import { graphDemand, graphPlan } from "../../cost/graph_demand.ts";
import { answerOf } from "../../cost/will_it_run.ts";
import { modelFacts } from "../../arch/model_facts.ts";
import { waysOf } from "../../measure/decode_ways.ts";
import type { DecodeWay } from "../../model/info.ts";
import { tokenizerFacts } from "../../model/tokenizer_facts.ts";
import type { OnnxGraph, OnnxModel, OnnxNode } from "../../onnx/onnx_model.ts";
import type { CardFacts, CardOptions, CardPrecision } from "./facts.ts";
import { contextOf, machineOf, providersHere } from "./setting.ts";

export interface GraphCardFacts
  extends Pick<CardFacts, "name" | "hub" | "tokenizer" | "contextLength" | "machine" | "precisions"> {
  graph: ResolvedGraph;
  /** By domain, e.g. { "": 17, "com.microsoft": 1 }. */
  opsets: [domain: string, version: number][];
  nodes: number;
  /** Those in subgraphs too, the commonest first; constants, which do nothing, left out. */
  operators: [operator: string, count: number][];
  files: { name: string; bytes: number }[];
  ways: readonly DecodeWay[];
  license: string | null;
  chatTemplate: number | null;
  parameters: number;
  /** Counted node by node; or why they are not known. */
  flopsPerToken: { first: number; last: number } | string;
  cacheBytesPerToken: number;
  /** The architecture that config.json tells, or why it tells none. */
  spec: ArchSpec | string;
}

/** @throws {RangeError} For a context longer than the model's, or unknown hardware. */
export async function graphCardFacts(found: ResolvedGraph, options: CardOptions): Promise<GraphCardFacts> {
  const { name, facts, files, ends, weights } = found, costed = await graphOfRef(found);
  if (!costed) throw new TypeError(`Cannot read the graph of ${name}`); // never: it was found
  const contextLength = contextOf(options, { name, contextLength: facts.contextLength });
  const machine = machineOf(options.hardware), operators = operatorsOf(costed.model);
  const { tokenizer, vocabSize } = modelFacts(found), folder = "folder" in ends ? ends.folder : null;
  const step = (past: number) => costed.flops({ batch: 1, tokens: 1, past }, "causal");
  const cost = orReason(() => ({ first: step(1), last: step(contextLength - 1) }));
  const complete = typeof cost !== "string";
  return {
    name,
    hub: found.hub ?? null,
    graph: found,
    opsets: [...costed.model.opsets],
    nodes: operators.reduce((sum, [, count]) => sum + count, 0),
    operators,
    files: await Promise.all(files.map(async (path) => ({ name: basename(path), bytes: await fileSize(path) }))),
    ways: waysOf(found),
    ...(folder === null ? { license: null, chatTemplate: null } : await folderWords(folder)),
    parameters: complete ? costed.parameters : weights.parameters,
    flopsPerToken: cost,
    cacheBytesPerToken: costed.cacheBytesPerToken,
    tokenizer: await tokenizerFacts(tokenizer, ends, vocabSize).catch((error: Error) => error.message),
    contextLength,
    machine,
    precisions: [precisionOf(costed, contextLength, machine, complete)],
    spec: folder === null ? "there is no config.json" : await specIn(folder, name),
  };
}

/** What runs: the graph's own form, and no other. */
function precisionOf(
  costed: CostedGraph,
  contextLength: number,
  machine: ReturnType<typeof machineOf>,
  complete: boolean,
): CardPrecision {
  const { precision } = costed,
    own = { precision, providers: providersHere(), weightBytes: costed.known.weights.bytes };
  // An operator that is not known here may have a kernel all the same.
  if (!complete) return { ...own, providers: ["not known"], memoryBytes: null, decodeTokensPerS: null };
  if (!("kind" in machine)) {
    const { totalBytes } = graphPlan(costed, { precision, contextLength });
    return { ...own, memoryBytes: totalBytes, decodeTokensPerS: null };
  }
  const { memory, decodeTokensPerS } = answerOf(graphDemand(costed, machine.kind, { contextLength }), machine, {});
  return { ...own, memoryBytes: memory.totalBytes, decodeTokensPerS };
}

function orReason<T>(of: () => T): T | string {
  try {
    return of();
  } catch (error) {
    return (error as Error).message;
  }
}

/** The architecture of the folder's config.json, where this version builds it. */
async function specIn(folder: string, name: string): Promise<ArchSpec | string> {
  try {
    const path = join(folder, "config.json"), spec = specOfConfig(new HfConfig(path, await readJsonObject(path)), name);
    validateSpec(spec);
    return spec;
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? "there is no config.json" : (error as Error).message;
  }
}

function operatorsOf({ graph, functions }: OnnxModel): [string, number][] {
  const counts = new Map<string, number>();
  const inGraph = ({ nodes }: OnnxGraph) => nodes.forEach(inNode);
  const inNode = ({ opType, attributes }: OnnxNode) => {
    if (opType !== "Constant") counts.set(opType, (counts.get(opType) ?? 0) + 1);
    for (const value of attributes.values()) if (typeof value === "object" && "nodes" in value) inGraph(value);
  };
  inGraph(graph);
  for (const { nodes } of functions.values()) nodes.forEach(inNode);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

/** Caches of one shape, and how many there are. */
export function cacheShapes(caches: CacheSlot[]): { shape: string; type: string; count: number }[] {
  const shapes = new Map<string, { shape: string; type: string; count: number }>();
  for (const { dims, type } of caches) {
    const shape = dims.map((d) => d === "slots" ? "tokens" : d).join(" × "), key = `${type} ${shape}`;
    shapes.set(key, { shape, type, count: (shapes.get(key)?.count ?? 0) + 1 });
  }
  return [...shapes.values()];
}
