/** A model reference -> what it stands for: spec, weights, tokenizer. The one place where references are read. */
import { noOptions } from "../check/options.ts";
import { basename, join, resolve } from "node:path";
import { catalogModel, catalogNames } from "../store/catalog.ts";
import { editModel } from "./edits.ts";
import { modelNameOf } from "./gguf/shards.ts";
import { weightsOfFolder } from "./hf/folder_contents.ts";
import { hubOrigin, hubTokenizer, hubWeights } from "./hub/origin.ts";
import {
  type EndsOrigin,
  folderOrigin,
  ggufOrigin,
  type HubSource,
  isFile,
  isFolder,
  type ModelOrigin,
  safetensorsOrigin,
  type TokenizerOrigin,
  type WeightsOrigin,
} from "./origin.ts";
import { randomWeights } from "./random_weights.ts";
import { checkModel } from "./ref_fields.ts";
import type { ArchEdit, ArchSpec, ModelOptions, ModelRef, Precision } from "./spec.ts";
import { validateSpec } from "./validate.ts";
import type { WeightSource } from "./weight_source.ts";

/** Precisions that this version can run; the others are known, and refused. */
export const BUILT_PRECISIONS: readonly Precision[] = ["fp32", "int8", "int4", "stored"];

export interface ResolvedModel {
  /** As the reference calls it. */
  name: string;
  /** The architecture that the weights belong to: after the edits that change them. */
  base: ArchSpec;
  /** The architecture that runs: `base` after the edits. */
  spec: ArchSpec;
  /** Options of the reference, overridden by those given to the function. */
  options: ModelOptions;
  precision: Precision;
  /** The format of the weights' file, e.g. "Q4_K_M, 4.9 bits a weight"; null for random weights. */
  storedAs: string | null;
  /** As shown to people: a file's name, or "random, seed 0". */
  source: string;
  weights(): Promise<WeightSource>;
  /** The files that hold the weights; null for random ones, which are made in memory. */
  files: string[] | null;
  /** Tells these weights from all others, without reading them: path, size and time of change of the files, or null. */
  identity: string | null;
  /** The edits that made the weights out of the files', or of random ones. */
  weightEdits: ArchEdit[];
  tokenizer: TokenizerOrigin;
  /** Where the model's own files name the ends of texts; null where there are none. */
  ends: EndsOrigin | null;
  /** The tokenizer's ids that are left, in their new order; null: all. */
  vocabulary: number[] | null;
  /** Repository, revision and commit of a model of the hub; null for others. */
  hub: HubSource | null;
}

/** What is read of a model of the hub: all of it, or headers alone, which say what it is and cannot run. */
export type ReadOfHub = "all" | "headers";

/**
 * Resolve a reference. Nothing heavy is read: headers once, then their specs come from the cache.
 *
 * @throws {RangeError} If a precision is unknown or not built, or an edit or a spec does not fit.
 * @throws {TypeError} If the reference has a field that is not known, or one of the wrong kind.
 * @throws {SyntaxError} If a file is damaged, or weights and architecture do not fit one another.
 * @throws {Error} If a name is neither in the catalog nor a path; the message lists the names.
 */
export async function resolveModel(
  ref: ModelRef,
  options: ModelOptions = {},
  read: ReadOfHub = "all",
): Promise<ResolvedModel> {
  checkModel("Cannot open the model", ref);
  const full = typeof ref === "object" && "ref" in ref ? ref : { ref };
  const merged: ModelOptions = {
    precision: options.precision ?? full.precision,
    provider: options.provider ?? full.provider,
    threads: options.threads ?? full.threads,
  };
  const precision = builtPrecision(merged.precision ?? "fp32");
  const model = typeof full.ref === "string" ? await openOrigin(full.ref, { precision: merged.precision, read }) : null;
  const unedited = model?.base ?? full.ref as ArchSpec;
  if (model) validateSpec(unedited);
  const edited = editModel(unedited, full.edits ?? []), { base, spec, weightEdits, vocabulary } = edited;
  validateSpec(spec);
  const stored = full.weights === undefined ? model?.weights : await openWeights(full.weights, unedited, read);
  const common = {
    name: model?.name ?? spec.name,
    base,
    spec,
    weightEdits,
    vocabulary,
    options: merged,
    precision,
    tokenizer: full.tokenizer === undefined ? model?.tokenizer ?? "bytes" : await tokenizerOrigin(full.tokenizer),
    ends: model?.ends ?? null,
    hub: model?.hub ?? null,
  };
  if (!stored) {
    const source = edited.weights(randomWeights(unedited, full.seed ?? 0));
    return {
      ...common,
      storedAs: null,
      source: source.label,
      weights: () => Promise.resolve(source),
      files: null,
      identity: null,
    };
  }
  return {
    ...common,
    storedAs: stored.storedAs,
    source: stored.label,
    weights: async () => edited.weights(await stored.open()),
    files: stored.files,
    identity: weightEdits.length ? `${stored.identity}|${JSON.stringify(weightEdits)}` : stored.identity,
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
export async function resolveSpec(ref: ModelRef): Promise<ArchSpec> {
  noOptions("resolveSpec", arguments, 1);
  return (await resolveModel(ref, {}, "headers")).spec;
}

/** Whether something of a reference lies on the hub. */
export function isOfHub(ref: ModelRef): boolean {
  const parts = typeof ref === "object" && "ref" in ref ? [ref.ref, ref.weights, ref.tokenizer] : [ref];
  return parts.some((part) => typeof part === "string" && part.startsWith("hf:"));
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
  if (path.endsWith(".onnx")) return `ONNX files are not built yet; ${pass}`;
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
