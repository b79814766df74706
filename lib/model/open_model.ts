/** Opening a model: from a reference to one that runs. */
import { resolveModel } from "../arch/resolve.ts";
import type { ModelSource } from "../arch/resolved.ts";
import { checkOptions } from "../check/options.ts";
import { LanguageModel } from "./language_model.ts";
import { OPEN_OPTIONS, type OpenOptions } from "./open_options.ts";
import { openOwn } from "./open_own.ts";
import { chooseProvider } from "./provider.ts";
import { physicalCores } from "./physical_cores.ts";

/**
 * Open a model in this process, for exploring. Measuring and evaluating open theirs in processes of their own.
 *
 * @param ref A catalog name ("smollm2-135m"), a .gguf path, a folder (config.json, .safetensors), a model of the hub
 * ("hf:owner/name[@revision][/path]"), or an `ArchSpec` (seeded random weights, or those of its `weights`), with options.
 * @throws {RangeError} If the precision or provider is unknown or cannot run here.
 * @throws {SyntaxError} If the file is damaged.
 * @throws {HubError} If a model of the hub cannot be fetched: the message says why, and what to do.
 * @example A model of the hub: fetched once, compared with its hashes, and read without a network from then on
 * ```ts ignore
 * const model = await openModel("hf:HuggingFaceTB/SmolLM2-135M");
 * console.log(model.info.hub?.commit);
 * ```
 */
export async function openModel(ref: ModelSource, options: OpenOptions = {}): Promise<LanguageModel> {
  checkOptions("Cannot open the model", options, OPEN_OPTIONS);
  const resolved = await resolveModel(ref, options);
  const threads = resolved.options.threads ?? physicalCores();
  const provider = chooseProvider(resolved.options.provider ?? "auto");
  const running = await openOwn(resolved, { provider, threads, profilePrefix: options.profilePrefix });
  await running.prepare(options.graphs ?? ["generate"]);
  return new LanguageModel(running);
}
