/** A reference -> what runs: our own graphs of its architecture, or a graph that was made elsewhere, as it is. */
import { resolveGraph } from "./foreign/resolve_graph.ts";
import { type AnySource, isResolvedGraph, type ResolvedGraph } from "./foreign/resolved_graph.ts";
import { checkModel } from "./ref_fields.ts";
import { type ReadOfHub, resolveModel } from "./resolve.ts";
import { isResolved, type ResolvedModel } from "./resolved.ts";
import type { ModelOptions } from "./spec.ts";

/** What runs. */
export type FoundModel = ResolvedModel | ResolvedGraph;

/**
 * Resolve a reference to a model or a graph.
 *
 * @throws As `resolveModel` and `resolveGraph`.
 */
export async function resolveAny(
  source: AnySource,
  { precision, provider, threads, optimise }: ModelOptions = {},
  read: ReadOfHub = "all",
): Promise<FoundModel> {
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
  return graph ?? await resolveModel(source, options, read);
}

/** Resolve references by name. */
export async function resolveAll(
  models: Record<string, AnySource>,
  options: ModelOptions = {},
  read: ReadOfHub = "all",
): Promise<Record<string, FoundModel>> {
  const found: Record<string, FoundModel> = {};
  for (const [name, ref] of Object.entries(models)) found[name] = await resolveAny(ref, options, read);
  return found;
}

/** What was found by headers alone, with weights: those of the hub are fetched now. */
export async function withWeights(
  found: Record<string, FoundModel>,
  models: Record<string, AnySource>,
  options: ModelOptions,
): Promise<Record<string, FoundModel>> {
  const whole: Record<string, FoundModel> = {};
  for (const [name, model] of Object.entries(found)) {
    const headers = isResolved(model) && "headersOf" in model.stored;
    whole[name] = headers ? await resolveAny(models[name], options) : model;
  }
  return whole;
}

/** What decides whether a setting fits a model. */
export interface ModelLimits {
  name: string;
  contextLength: number;
  vocabSize: number;
}

export function limitsOf(found: FoundModel): ModelLimits {
  const { contextLength, vocabSize } = isResolvedGraph(found) ? found.facts : found.spec;
  return { name: isResolvedGraph(found) ? found.name : found.spec.name, contextLength, vocabSize };
}
