/** A reference -> what runs: our own graphs of its architecture, or a graph that was made elsewhere, as it is. */
import { resolveGraph } from "./foreign/resolve_graph.ts";
import { type AnySource, isResolvedGraph, type ResolvedGraph } from "./foreign/resolved_graph.ts";
import { checkModel } from "./ref_fields.ts";
import { resolveModel } from "./resolve.ts";
import { isResolved, type ResolvedModel } from "./resolved.ts";
import type { ModelOptions } from "./spec.ts";

/**
 * Resolve a reference to a model or a graph.
 *
 * @throws As `resolveModel` and `resolveGraph`.
 */
export async function resolveAny(
  source: AnySource,
  { precision, provider, threads, optimise }: ModelOptions = {},
): Promise<ResolvedModel | ResolvedGraph> {
  const options = { precision, provider, threads, optimise };
  if (isResolvedGraph(source)) {
    const { options: before } = source;
    return {
      ...source,
      options: {
        ...before,
        provider: provider ?? before.provider,
        threads: threads ?? before.threads,
        optimise: optimise ?? before.optimise,
      },
    };
  }
  checkModel("Cannot open the model", source);
  const graph = isResolved(source) ? null : await resolveGraph(source, options);
  return graph ?? await resolveModel(source, options);
}
