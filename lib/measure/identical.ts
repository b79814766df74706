/** Which of the models that are compared are one and the same: what differs between those is noise. */
import { isResolvedGraph } from "../arch/foreign/resolved_graph.ts";
import type { FoundModel } from "../arch/model_facts.ts";

/** Groups of names that stand for the same model: architecture after the edits, weights, precision, provider, threads. */
export function identicalModels(models: Record<string, FoundModel>): string[][] {
  const groups = new Map<string, string[]>();
  for (const [name, found] of Object.entries(models)) {
    const { provider = "auto", threads = null } = found.options;
    const key = JSON.stringify([provider, threads, ...whatRuns(found)]);
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  return [...groups.values()].filter((names) => names.length > 1);
}

/** A graph made elsewhere is its files, and what is added to it. */
function whatRuns(found: FoundModel): unknown[] {
  if (isResolvedGraph(found)) return ["graph", found.identity, found.options.optimise ?? null];
  const { spec, precision, identity, source, weightEdits } = found;
  return [spec, precision, identity ?? [source, weightEdits]];
}
