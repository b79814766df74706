/** A reference -> what runs: our own graphs of its architecture, or a graph that was made elsewhere, as it is. */
import { resolve } from "node:path";
import { resolveGraph } from "./foreign/resolve_graph.ts";
import { type AnySource, isResolvedGraph } from "./foreign/resolved_graph.ts";
import { otherForms } from "./foreign/other_forms.ts";
import { namesIn } from "./hf/folder_contents.ts";
import { isFolder } from "./origin.ts";
import { checkModel } from "./ref_fields.ts";
import type { FoundModel } from "./model_facts.ts";
import { type ReadOfHub, resolveModel } from "./resolve.ts";
import { isResolved, type ModelSource, type ResolvedModel } from "./resolved.ts";
import type { ModelOptions } from "./model_ref.ts";

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
  return graph ?? await withNotes(await resolveModel(source, options, read), source);
}

/** A model in a folder that holds graphs of it too. */
async function withNotes(model: ResolvedModel, source: ModelSource): Promise<ResolvedModel> {
  const given = typeof source === "object" && "ref" in source ? source.ref : source;
  if (typeof given !== "string" || !/[/\\]/.test(given) || !model.files || !await isFolder(given)) return model;
  const folder = resolve(given), notes = otherForms(folder, model.files[0], await namesIn(folder));
  return notes.length ? { ...model, notes } : model;
}
