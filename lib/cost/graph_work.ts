/** FLOPs and bytes of a prefill and of a decode step of a graph that another program made. */
import { checkContext } from "./context.ts";
import type { CostedGraph } from "./costed_graph.ts";
import type { FlopsConvention } from "./flops_convention.ts";
import { graphKvCacheBytes } from "./graph_own.ts";
import type { Work } from "./work.ts";

interface WorkOptions {
  batch?: number;
  promptTokens: number;
  context?: number;
  convention?: FlopsConvention;
}

/** FLOPs and bytes of a prefill and of a decode step: `workOf` of a graph, whose head runs on the rows that it has. */
export function graphWork(graph: CostedGraph, options: WorkOptions): Work {
  const { batch = 1, promptTokens, context = promptTokens, convention = "causal" } = options;
  const cannot = "Cannot estimate a roofline";
  checkContext(cannot, graph, promptTokens, `promptTokens ${promptTokens}`);
  checkContext(cannot, graph, context, `context ${context}`);
  return {
    precision: graph.precision,
    batch,
    convention,
    prefill: {
      flops: graph.flops({ batch, tokens: promptTokens, past: 0 }, convention),
      weightBytes: graph.weightBytes(promptTokens, batch),
      cacheBytes: graphKvCacheBytes(graph, promptTokens, batch),
    },
    decode: {
      flops: graph.flops({ batch, tokens: 1, past: context }, convention),
      weightBytes: graph.weightBytes(1, batch),
      cacheBytes: graphKvCacheBytes(graph, context + 1, batch) + batch * graph.stateBytes,
    },
  };
}
