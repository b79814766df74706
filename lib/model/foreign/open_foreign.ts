/** From a graph that was found to a running model of it. */
import { basename } from "node:path";
import type { ResolvedGraph } from "../../arch/foreign/resolved_graph.ts";
import type { ModelInfo } from "../info.ts";
import { threadWarnings } from "../open_options.ts";
import type { Provider } from "../../arch/model_ref.ts";
import { openSession, type SessionOptions } from "../session.ts";
import { tokenizerOf } from "../tokenizer_files.ts";
import { openHeads, openLoop } from "./changed_graphs.ts";
import { ForeignModel } from "./foreign_model.ts";
import type { OpenedGraphs } from "./graph_run.ts";

/** A model whose session is not there yet. */
export async function openForeign(
  graph: ResolvedGraph,
  options: SessionOptions & { provider: Provider },
): Promise<ForeignModel> {
  const { facts: { vocabSize }, tokenizer, ends, layout, options: { optimise } } = graph;
  return new ForeignModel(infoOf(graph, options), await tokenizerOf(tokenizer, vocabSize, null, ends), graph, {
    step: () => optimise ? openHeads(graph, options) : openGraphs(graph, options),
    loop: optimise === "loop" ? async () => ({ session: await openLoop(graph, options), layout, vocabSize }) : null,
  });
}

/** The sessions of a graph that was found, of both where it has two. */
export async function openGraphs(
  { path, layout, first }: ResolvedGraph,
  options: SessionOptions,
): Promise<OpenedGraphs> {
  const open = (path: string) =>
    openSession(path, options).catch((cause) => {
      throw new TypeError(`Cannot open ${path}: onnxruntime says: ${cause.message}`, { cause });
    });
  const session = await open(path);
  return { session, layout, ...(first ? { first: { session: await open(first.path), layout: first.layout } } : {}) };
}

/** How a graph runs, as shown to people. */
const LABELS = { none: "graph as it is", heads: "graph with heads", loop: "graph with heads and loop" };

function infoOf(graph: ResolvedGraph, { provider, threads }: { provider: Provider; threads: number }): ModelInfo {
  const { facts, layout, weights, options: { optimise } } = graph,
    warnings = [...threadWarnings(threads), ...graph.notes ?? []];
  const keys = layout.caches.filter(({ dims }) => dims.length === 3 && dims[1] === "slots");
  const [kvHeads, , headDim] = keys[0]?.dims ?? [];
  return {
    name: graph.name,
    architecture: facts.architecture ?? "unknown",
    parameters: weights.parameters,
    layers: facts.layers ?? Math.ceil(layout.caches.length / 2),
    heads: facts.heads ?? 0,
    kvHeads: typeof kvHeads === "number" ? kvHeads : facts.kvHeads ?? 0,
    headDim: typeof headDim === "number" ? headDim : facts.headDim ?? 0,
    vocabSize: facts.vocabSize,
    contextLength: facts.contextLength,
    precision: weights.type,
    precisionLabel: `${weights.type} (${LABELS[optimise ?? "none"]})`,
    provider,
    threads,
    weightBytes: weights.bytes,
    source: basename(graph.first?.path ?? graph.path),
    ...(graph.hub ? { hub: graph.hub } : {}),
    ways: optimise === "loop" ? ["loop", "step"] : ["step"],
    ...(warnings.length ? { warnings } : {}),
  };
}
