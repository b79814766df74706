/** A model reference -> what it stands for: spec, weights, tokenizer. The one place where references are read. */
import { noOptions } from "../check/options.ts";
import { basename, join, resolve } from "node:path";
import { catalogModel, catalogNames } from "../store/catalog.ts";
import { editModel } from "./edits.ts";
import { modelNameOf } from "./gguf/shards.ts";
import { weightsOfFolder } from "./hf/folder_contents.ts";
import { hubOrigin, hubTokenizer, hubWeights } from "./hub/origin.ts";
import {
  folderOrigin,
  ggufOrigin,
  isFile,
  isFolder,
  type ModelOrigin,
  safetensorsOrigin,
  type TokenizerOrigin,
  type WeightsOrigin,
} from "./origin.ts";
import { randomLabel } from "./random_weights.ts";
import { checkModel } from "./ref_fields.ts";
import { isResolved, type ModelSource, optionsOf, type ResolvedModel } from "./resolved.ts";
import type { ModelOptions, ModelRef, Precision } from "./model_ref.ts";
import type { ArchSpec } from "./spec.ts";
import { validateSpec } from "./validate.ts";

/** Precisions that this version can run; the others are known, and refused. */
export const BUILT_PRECISIONS: readonly Precision[] = ["fp32", "int8", "int4", "stored"];

/** What is read of a model of the hub: all of it, or headers alone, which say what it is and cannot run. */
export type ReadOfHub = "all" | "headers";

/**
 * Resolve a reference; one that was resolved before takes other options. Nothing heavy is read: headers once, then their
 * specs come from the cache.
 *
 * @throws {RangeError} If a precision is unknown or not built, or an edit or a spec does not fit.
 * @throws {TypeError} If the reference has a field that is not known, or one of the wrong kind.
 * @throws {SyntaxError} If a file is damaged, or weights and architecture do not fit one another.
 * @throws {Error} If a name is neither in the catalog nor a path; the message lists the names.
 */
export async function resolveModel(
  ref: ModelSource,
  options: ModelOptions = {},
  read: ReadOfHub = "all",
): Promise<ResolvedModel> {
  checkModel("Cannot open the model", ref);
  const given = optionsOf(ref);
  const merged: ModelOptions = {
    precision: options.precision ?? given.precision,
    provider: options.provider ?? given.provider,
    threads: options.threads ?? given.threads,
  };
  refuseOptimise(options.optimise ?? given.optimise);
  if (isResolved(ref)) return { ...ref, options: merged, precision: builtPrecision(merged.precision ?? ref.precision) };
  return await found(ref, merged, read);
}

/** Our own graphs have it all. */
function refuseOptimise(optimise: ModelOptions["optimise"]): void {
  if (optimise === undefined) return;
  throw new TypeError(
    `Cannot open the model with optimise "${optimise}": that is for graphs made elsewhere (an .onnx file, or a folder ` +
      'of them with format: "onnx"); this one runs by our own graphs, which have heads and loop; leave it out',
  );
}

async function found(ref: ModelRef, options: ModelOptions, read: ReadOfHub): Promise<ResolvedModel> {
  const full = typeof ref === "object" && "ref" in ref ? ref : { ref };
  const { edits = [], seed = 0 } = full, precision = builtPrecision(options.precision ?? "fp32");
  const model = typeof full.ref === "string"
    ? await openOrigin(full.ref, { precision: options.precision, read })
    : null;
  const unedited = model?.base ?? full.ref as ArchSpec;
  if (model) validateSpec(unedited);
  const { base, spec, weightEdits, vocabulary } = editModel(unedited, edits);
  validateSpec(spec);
  const weights = full.weights === undefined ? model?.weights : await openWeights(full.weights, unedited, read);
  return {
    resolved: 1,
    name: model?.name ?? spec.name,
    unedited,
    edits,
    base,
    spec,
    options,
    precision,
    storedAs: weights?.storedAs ?? null,
    source: weights?.label ?? randomLabel(seed),
    stored: weights?.stored ?? { seed },
    files: weights?.files ?? null,
    identity: weights && weightEdits.length
      ? `${weights.identity}|${JSON.stringify(weightEdits)}`
      : weights?.identity ?? null,
    weightEdits,
    tokenizer: full.tokenizer === undefined ? model?.tokenizer ?? "bytes" : await tokenizerOrigin(full.tokenizer),
    tokenizerNamed: full.tokenizer !== undefined || (model !== null && model.tokenizer !== "bytes"),
    ends: model?.ends ?? null,
    vocabulary,
    hub: model?.hub ?? null,
  };
}

/**
 * The architecture of a reference after its edits, without opening the model. Of a model of the hub only headers are
 * fetched.
 *
 * @example
 * ```ts ignore
 * const spec = await resolveSpec("hf:HuggingFaceTB/SmolLM2-135M");
 * console.log(spec.layers.length); // 30
 * ```
 */
export async function resolveSpec(ref: ModelSource): Promise<ArchSpec> {
  noOptions("resolveSpec", arguments, 1);
  return (await resolveModel(ref, {}, "headers")).spec;
}

function builtPrecision(precision: Precision): Precision {
  if (BUILT_PRECISIONS.includes(precision)) return precision;
  throw new RangeError(
    `Precision "${precision}" does not run on the CPU in this version; pass one of ${BUILT_PRECISIONS.join(", ")}`,
  );
}

/** The hub's if it starts with hf:, a path if it looks like one (it has a slash, or ends in .gguf), else a name of the catalog. */
async function openOrigin(ref: string, options: { precision?: Precision; read: ReadOfHub }): Promise<ModelOrigin> {
  if (ref.startsWith("hf:")) return await hubOrigin(ref, options, pathOrigin);
  const isPath = /[/\\]/.test(ref) || /\.(gguf|onnx)$/.test(ref);
  if (isPath) return await pathOrigin(ref);
  if (!catalogNames().includes(ref) && await isFolder(ref)) {
    throw new TypeError(
      `Cannot open "${ref}": the catalog has no such model; for the folder of that name pass "./${ref}"`,
    );
  }
  return await ggufOrigin(catalogModel(ref).path, ref);
}

/** @param name Default: that of the file or folder. */
async function pathOrigin(path: string, name?: string): Promise<ModelOrigin> {
  if (path.endsWith(".gguf")) return await ggufOrigin(resolve(path), name ?? modelNameOf(basename(path)));
  if (await isFolder(path)) return await folderOrigin(resolve(path), name);
  throw new TypeError(`Cannot open ${path}: ${await whyNoModel(path)}`);
}

/** Why a path is none of a model, and what to pass. */
async function whyNoModel(path: string): Promise<string> {
  const pass = "pass a .gguf file, a folder with config.json and .safetensors, or a catalog name";
  if (path.endsWith(".onnx")) {
    return `it is a graph, which openModel and startHost run as it is and which says no architecture; ${pass}`;
  }
  if (await isFile(path)) return `it is a file; pass the folder that holds it, or a .gguf file`;
  const isRepository = /^[\w-][\w.-]*\/[\w.-]+(@[\w.+-]+)?(\/[^\\]*)?$/.test(path);
  return `there is no such folder; ${pass}${isRepository ? `; for the model of the hub pass "hf:${path}"` : ""}`;
}

/** Weights for an architecture that is given apart from them: a folder, a .safetensors file, or its index. */
async function openWeights(given: string, base: ArchSpec, read: ReadOfHub): Promise<WeightsOrigin> {
  const path = given.startsWith("hf:") ? await hubWeights(given, { read }) : given;
  if (await isFolder(path)) return await safetensorsOrigin(await weightsOfFolder(resolve(path)), base);
  if (/\.safetensors(\.index\.json)?$/.test(path)) return await safetensorsOrigin(resolve(path), base);
  throw new TypeError(
    `Cannot take weights from ${path}: pass a .safetensors file, a .safetensors.index.json, or a folder that holds them`,
  );
}

/** "bytes", a place on the hub, a folder with tokenizer.json or that file, a .gguf file, or a catalog name. */
async function tokenizerOrigin(given: string): Promise<TokenizerOrigin> {
  if (given === "bytes") return given;
  if (given.startsWith("hf:")) return await hubTokenizer(given);
  if (given.endsWith(".gguf")) return { gguf: resolve(given) };
  const json = resolve(await isFolder(given) ? join(given, "tokenizer.json") : given);
  if (await isFile(json) && json.endsWith(".json")) return { json };
  if (!/[/\\]/.test(given) && !given.endsWith(".json")) return { gguf: catalogModel(given).path };
  throw new Deno.errors.NotFound(
    `Cannot open tokenizer "${given}": pass "bytes", a folder with tokenizer.json, that file, a .gguf file or a catalog name`,
  );
}
