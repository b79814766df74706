/** From a graph that was found to a running model of it. */
import type { ResolvedGraph } from "../../arch/foreign/resolved_graph.ts";
import type { ModelInfo } from "../info.ts";
import { threadWarnings } from "../open_options.ts";
import type { Provider } from "../../arch/spec.ts";
import type { SessionOptions } from "../session.ts";
import { tokenizerOf } from "../tokenizer_files.ts";
import { ForeignGraphs, type Form } from "./foreign_graphs.ts";
import { ForeignModel } from "./foreign_model.ts";
import { basename } from "node:path";

/** A model whose session is not there yet. */
export async function openForeign(
  graph: ResolvedGraph,
  options: SessionOptions & { provider: Provider },
): Promise<ForeignModel> {
  const { facts: { vocabSize }, tokenizer, ends } = graph;
  return new ForeignModel(
    infoOf(graph, options),
    await tokenizerOf(tokenizer, vocabSize, null, ends),
    new ForeignGraphs(graph, options),
  );
}

/** How a graph decodes, as shown to people. */
const LABELS: Record<Form, string> = {
  plain: "graph as it is, step by step",
  heads: "with heads, step by step",
  loop: "with heads and loop",
};

function infoOf(graph: ResolvedGraph, { provider, threads }: { provider: Provider; threads: number }): ModelInfo {
  const { facts, layout, weights } = graph, form: Form = graph.options.optimise ?? "plain";
  const warnings = threadWarnings(threads);
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
    precisionLabel: `${weights.type} (${LABELS[form]})`,
    provider,
    threads,
    weightBytes: weights.bytes,
    source: basename(graph.path),
    ways: form === "loop" ? ["loop", "step"] : ["step"],
    ...(warnings.length ? { warnings } : {}),
  };
}
