/** Memory and work of a graph that another program made, counted from its nodes and caches. */
import { checkContext } from "./context.ts";
import type { CostedGraph } from "./costed_graph.ts";
import { CANNOT, type Demand, type DemandOptions, lengths } from "./demand.ts";
import { graphKvCacheBytes, requireOwnPrecision } from "./graph_own.ts";
import type { Machine } from "./hardware.ts";
import {
  GPU_SERVER,
  type MemoryPart,
  type MemoryPlan,
  type MemoryPlanOptions,
  ONNXRUNTIME_CPU,
} from "./memory_plan.ts";
import { graphWork } from "./graph_work.ts";

/** Tokens that a graph is asked about by default where no file says how many it reads. */
const USUAL_CONTEXT = 2048;

export function graphDemand(graph: CostedGraph, kind: Machine["kind"], options: DemandOptions): Demand {
  const { batch = 1 } = options, { precision } = graph;
  requireOwnPrecision(CANNOT, graph, options.precision);
  const setting = { ...lengths(options, graph.contextLength ?? USUAL_CONTEXT), batch };
  const { promptTokens, newTokens, contextLength } = setting;
  checkContext(CANNOT, graph, contextLength, `contextLength ${contextLength}`);
  const runtime = options.runtime ?? (kind === "cpu" ? ONNXRUNTIME_CPU : GPU_SERVER);
  return {
    model: graph.name,
    parameters: graph.parameters,
    precision,
    layers: graph.layers,
    copiesCache: true, // a run for each token gives all of the cache anew
    ...setting,
    memory: graphPlan(graph, { precision, contextLength, batch, promptTokens, runtime }),
    work: graphWork(graph, {
      batch,
      promptTokens,
      context: promptTokens + Math.floor(newTokens / 2),
      convention: kind === "cpu" ? "executed" : "causal",
    }),
  };
}

/**
 * Memory by part. Weights are one copy of what the file holds: whether a runtime keeps a packed one beside it follows from
 * its kernels, not from the graph. Logits of all tokens are among the activations, as the graph gives them.
 *
 * @throws {RangeError} For a context longer than the model's, or a prompt longer than the context.
 */
export function graphPlan(graph: CostedGraph, options: MemoryPlanOptions): MemoryPlan {
  const { contextLength, batch = 1, runtime = ONNXRUNTIME_CPU } = options;
  const { promptTokens = Math.ceil(contextLength / 2) } = options;
  checkContext("Cannot plan memory", graph, contextLength, `contextLength ${contextLength}`);
  if (promptTokens > contextLength) {
    throw new RangeError(
      `Cannot plan memory: promptTokens ${promptTokens} do not fit into contextLength ${contextLength}`,
    );
  }
  const { weights } = graph.known;
  const moments = [
    {
      tokens: promptTokens,
      copies: runtime.prefillCaches,
      step: { batch, tokens: promptTokens, past: 0 },
      moment: "while the prompt is read",
    },
    {
      tokens: contextLength,
      copies: runtime.decodeCaches,
      step: { batch, tokens: 1, past: contextLength - 1 },
      moment: "at the longest context",
    },
  ].slice(0, contextLength > promptTokens ? 2 : 1);
  const peak = moments.map((at) => {
    const cache = at.copies * (graphKvCacheBytes(graph, at.tokens, batch));
    const activations = graph.pass(at.step).peakActivations.bytes;
    return { ...at, cache, activations, bytes: cache + activations };
  }).reduce((a, b) => b.bytes > a.bytes ? b : a);
  const parts: MemoryPart[] = [
    { part: "weights", bytes: weights.bytes, what: `${weights.type}, one copy of all that the file holds` },
    { part: "packed head", bytes: 0, what: "not told from a graph" },
    { part: "cache", bytes: peak.cache, what: `${peak.copies} × ${peak.tokens} tokens × ${batch}, ${peak.moment}` },
    { part: "activations", bytes: peak.activations, what: `as the graph has them, ${peak.moment}` },
    { part: "runtime", bytes: runtime.ownBytes, what: "code, graph and what the allocator keeps" },
  ];
  const runBytes = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const loadBytes = runtime.loadCopies * weights.bytes + (runtime.packsMatrices ? weights.bytes : 0) + runtime.ownBytes;
  return { parts, runBytes, loadBytes, totalBytes: Math.max(runBytes, loadBytes), runtime: runtime.source };
}
