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

/** A graph that runs as it is is its files. */
function whatRuns(found: FoundModel): unknown[] {
  if (isResolvedGraph(found)) return ["graph", found.identity];
  const { spec, precision, identity, source, weightEdits } = found;
  return [spec, precision, identity ?? [source, weightEdits]];
}
