/** Which of the models that are compared are one and the same: what differs between those is noise. */
import { resolveModel } from "../arch/resolve.ts";
import type { ModelOptions, ModelRef } from "../arch/spec.ts";

/**
 * Groups of names that stand for the same model: architecture after the edits, weights, precision, provider and threads.
 *
 * @param options Given to the function; they win over those in the references.
 */
export async function identicalModels(
  models: Record<string, ModelRef>,
  options: ModelOptions = {},
): Promise<string[][]> {
  const groups = new Map<string, string[]>();
  for (const [name, ref] of Object.entries(models)) {
    const { spec, precision, options: merged, identity, source, weightEdits } = await resolveModel(ref, options);
    const what = [spec, precision, merged.provider ?? "auto", merged.threads ?? null];
    const key = JSON.stringify([...what, identity ?? [source, weightEdits]]);
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  return [...groups.values()].filter((names) => names.length > 1);
}
