/** A model reference -> what it stands for: spec, weights, tokenizer. The one place where references are read. */
import { basename, join, resolve } from "node:path";
import { catalogModel } from "../store/catalog.ts";
import { cacheDir } from "../store/paths.ts";
import { remembered } from "../store/whole_file.ts";
import { cacheKey } from "./build.ts";
import { applyEdits } from "./edits.ts";
import { openGguf } from "./gguf_file.ts";
import { ggufWeights, specFromGguf } from "./llama_gguf.ts";
import { randomWeights } from "./random_weights.ts";
import { type ArchSpec, type ModelOptions, type ModelRef, type Precision, PRECISIONS } from "./spec.ts";
import { validateSpec } from "./validate.ts";
import type { WeightSource } from "./weight_source.ts";

/** Precisions that this version can run; the others of `PRECISIONS` are named, and refused. */
const BUILT_PRECISIONS: Precision[] = ["fp32", "int8", "int4", "stored"];

export interface ResolvedModel {
  /** As the reference calls it. */
  name: string;
  /** The architecture that the weights belong to. */
  base: ArchSpec;
  /** The architecture that runs: `base` after the edits. */
  spec: ArchSpec;
  /** Options of the reference, overridden by those given to the function. */
  options: ModelOptions;
  precision: Precision;
  /** As shown to people: "fp32 (from Q4_1)" where the weights were rounded before. */
  precisionLabel: string;
  /** As shown to people: a file's name, or "random, seed 0". */
  source: string;
  weights(): Promise<WeightSource>;
  /** The file that holds the weights; null for random ones, which are made in memory. */
  file: string | null;
  /** Tells these weights from all others, without reading them: path, size and time of change of the file, or null. */
  identity: string | null;
  /** The GGUF file whose metadata hold the tokenizer, or "bytes". */
  tokenizer: { gguf: string } | "bytes";
}

/**
 * Resolve a reference. Nothing heavy is read: a GGUF's header once, then its spec comes from the cache.
 *
 * @throws {RangeError} If a precision is unknown or not built, or an edit or a spec does not fit.
 * @throws {Error} If a name is neither in the catalog nor a path; the message lists the names.
 */
export async function resolveModel(ref: ModelRef, options: ModelOptions = {}): Promise<ResolvedModel> {
  const full = typeof ref === "object" && "ref" in ref ? ref : { ref };
  const merged: ModelOptions = {
    precision: options.precision ?? full.precision,
    provider: options.provider ?? full.provider,
    threads: options.threads ?? full.threads,
  };
  const precision = checkPrecision(merged.precision ?? "fp32");
  const edits = full.edits ?? [];

  if (typeof full.ref !== "string") {
    validateSpec(full.ref);
    const base = full.ref, seed = full.seed ?? 0;
    const spec = applyEdits(base, edits);
    const source = randomWeights(base, seed);
    return {
      name: spec.name,
      base,
      spec,
      options: merged,
      precision,
      precisionLabel: precision === "stored" ? "fp32" : precision,
      source: source.label,
      weights: () => Promise.resolve(source),
      file: null,
      identity: null,
      tokenizer: "bytes",
    };
  }

  const { path, name } = locate(full.ref);
  const { base, quantisation, identity } = await readHeader(path, name);
  const spec = applyEdits(base, edits);
  validateSpec(spec);
  const rounded = quantisation === "F32" ? "" : ` (from ${quantisation})`;
  return {
    name,
    base,
    spec,
    options: merged,
    precision,
    precisionLabel: precision === "stored" ? `stored (${quantisation})` : `${precision}${rounded}`,
    source: basename(path),
    weights: async () => ggufWeights(await openGguf(path), base),
    file: path,
    identity,
    tokenizer: { gguf: path },
  };
}

/** The architecture of a reference after its edits, without opening the model. */
export async function resolveSpec(ref: ModelRef): Promise<ArchSpec> {
  return (await resolveModel(ref)).spec;
}

function checkPrecision(precision: string): Precision {
  if (!(PRECISIONS as readonly string[]).includes(precision)) {
    throw new RangeError(`Unknown precision "${precision}"; there are: ${PRECISIONS.join(", ")}`);
  }
  if (!BUILT_PRECISIONS.includes(precision as Precision)) {
    throw new RangeError(
      `Precision "${precision}" does not run on the CPU in this version; pass one of ${BUILT_PRECISIONS.join(", ")}`,
    );
  }
  return precision as Precision;
}

/** A path if it looks like one, else a name of the catalog. */
function locate(ref: string): { path: string; name: string } {
  if (ref.startsWith("hf:")) {
    throw new TypeError(
      `Cannot open "${ref}": models of the hub are not built yet; pass a .gguf file or a catalog name`,
    );
  }
  if (ref.endsWith(".gguf")) return { path: resolve(ref), name: basename(ref, ".gguf") };
  if (ref.endsWith(".onnx") || ref.includes("/")) {
    throw new TypeError(
      `Cannot open ${ref}: this version opens .gguf files and catalog names; ONNX files and folders are not built yet`,
    );
  }
  return { path: catalogModel(ref).path, name: ref };
}

interface Header {
  base: ArchSpec;
  quantisation: string;
}

/** Spec and format of a GGUF, remembered by the file's path, size and time of change. */
async function readHeader(path: string, name: string): Promise<Header & { identity: string }> {
  let stat: Deno.FileInfo;
  try {
    stat = await Deno.stat(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Deno.errors.NotFound(`Cannot open ${path}: there is no such file`);
  }
  const identity = `${path}|${stat.size}|${stat.mtime?.getTime()}`;
  const cached = join(cacheDir("headers"), `${cacheKey([identity, name])}.json`);
  const header = await remembered(cached, async (): Promise<Header> => {
    const file = await openGguf(path);
    return { base: specFromGguf(file, name), quantisation: file.quantisation };
  });
  return { ...header, identity };
}
