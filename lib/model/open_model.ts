/** Opening a model: from a reference to one that runs. */
import { type AnySource, isResolvedGraph } from "../arch/foreign/resolved_graph.ts";
import type { FoundModel } from "../arch/model_facts.ts";
import { resolveAny } from "../arch/resolve_any.ts";
import { checkOptions } from "../check/options.ts";
import { LanguageModel } from "./language_model.ts";
import { OPEN_OPTIONS, type OpenOptions } from "./open_options.ts";
import { tryGraph } from "./foreign/graph_trial.ts";
import { openForeign } from "./foreign/open_foreign.ts";
import { openOwn } from "./open_own.ts";
import { chooseProvider } from "./provider.ts";
import { physicalCores } from "./physical_cores.ts";

/**
 * Open a model in this process, for exploring. Measuring and evaluating open theirs in processes of their own.
 *
 * @param ref A catalog name ("smollm2-135m"), a .gguf path, a folder (config.json, .safetensors), a model of the hub
 * ("hf:owner/name[@revision][/path]"), or an `ArchSpec` (seeded random weights, or those of its `weights`), with options.
 * A graph that another program made (an .onnx file, a folder of optimum, transformers.js or onnxruntime-genai) runs as it
 * is, a run for each token; a folder that holds both forms opens as "safetensors" unless `format` says "onnx", and of
 * several graphs `precision` chooses: `info.warnings` says what else the folder holds.
 * @throws {RangeError} If the precision or provider is unknown or cannot run here.
 * @throws {SyntaxError} If the file is damaged.
 * @throws {HubError} If a model of the hub cannot be fetched: the message says why, and what to do.
 * @example A model of the hub: fetched once, compared with its hashes, and read without a network from then on
 * ```ts ignore
 * const model = await openModel("hf:HuggingFaceTB/SmolLM2-135M");
 * console.log(model.info.hub?.commit);
 * ```
 */
export async function openModel(ref: AnySource, options: OpenOptions = {}): Promise<LanguageModel> {
  checkOptions("Cannot open the model", options, OPEN_OPTIONS);
  const found = await resolveAny(ref, options);
  if (isResolvedGraph(found)) await tryGraph(found);
  return await openHere(found, options);
}

/** Open what was found, in a process that it may end. */
export async function openHere(found: FoundModel, options: OpenOptions): Promise<LanguageModel> {
  const { threads = physicalCores(), provider: asked = "auto" } = found.options;
  const provider = chooseProvider(asked), settings = { provider, threads, profilePrefix: options.profilePrefix };
  const running = isResolvedGraph(found) ? await openForeign(found, settings) : await openOwn(found, settings);
  await running.prepare(options.graphs ?? ["generate"]);
  return new LanguageModel(running);
}
