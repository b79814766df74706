/** Which of the models that are compared are one and the same: what differs between those is noise. */
import { isResolvedGraph } from "../arch/foreign/resolved_graph.ts";
import type { FoundModel } from "../arch/resolve_any.ts";

/**
 * Groups of names that stand for the same model: architecture after the edits, weights, precision, provider, threads; of
 * graphs made elsewhere the files, and what is added to them.
 */
export function identicalModels(models: Record<string, FoundModel>): string[][] {
  const groups = new Map<string, string[]>();
  for (const [name, model] of Object.entries(models)) {
    const { options: { provider = "auto", threads = null } } = model,
      key = JSON.stringify([...whatOf(model), provider, threads]);
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  return [...groups.values()].filter((names) => names.length > 1);
}

function whatOf(model: FoundModel): unknown[] {
  if (isResolvedGraph(model)) return [model.identity, model.options.optimise ?? "plain"];
  const { spec, precision, identity, source, weightEdits } = model;
  return [spec, precision, identity ?? [source, weightEdits]];
}
