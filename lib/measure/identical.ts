/** Which of the models that are compared are one and the same: what differs between those is noise. */
import type { ResolvedModel } from "../arch/resolved.ts";

/** Groups of names that stand for the same model: architecture after the edits, weights, precision, provider, threads. */
export function identicalModels(models: Record<string, ResolvedModel>): string[][] {
  const groups = new Map<string, string[]>();
  for (const [name, { spec, precision, options, identity, source, weightEdits }] of Object.entries(models)) {
    const what = [spec, precision, options.provider ?? "auto", options.threads ?? null];
    const key = JSON.stringify([...what, identity ?? [source, weightEdits]]);
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  return [...groups.values()].filter((names) => names.length > 1);
}
