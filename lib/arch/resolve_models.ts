/** References by name -> what each stands for. */
import type { AnySource } from "./foreign/resolved_graph.ts";
import type { FoundModel } from "./model_facts.ts";
import type { ReadOfHub } from "./resolve.ts";
import { resolveAny } from "./resolve_any.ts";
import type { ModelOptions } from "./model_ref.ts";

/** Resolve references by name. */
export async function resolveModels(
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
    const headersAlone = "stored" in model && "headersOf" in model.stored;
    whole[name] = headersAlone ? await resolveAny(models[name], options) : model;
  }
  return whole;
}
