/** Models in files: a GGUF, or a folder in the Hugging Face form. What they hold, read once and remembered. */
import { basename, join } from "node:path";
import { cacheDir } from "../store/paths.ts";
import { remembered } from "../store/whole_file.ts";
import { cacheKey } from "./build.ts";
import { filesIdentity, stat } from "./file_range.ts";
import { ggufWeights, specFromGguf } from "./gguf/model.ts";
import { shardPaths } from "./gguf/shards.ts";
import { openGguf } from "./gguf_file.ts";
import { readFolder } from "./hf/folder.ts";
import { refusePacked } from "./hf/quantisation.ts";
import { refuseOwnHead, withHeadOfFile } from "./hf/tied_head.ts";
import { safetensorsWeights, storedAs } from "./hf/weights.ts";
import { openSafetensors, type Safetensors } from "./safetensors.ts";
import type { ArchSpec } from "./spec.ts";
import { validateSpec } from "./validate.ts";
import type { WeightSource } from "./weight_source.ts";

/** Part of the key of what is remembered of a GGUF's header: raise it when more or something else is read of it. */
const HEADER_VERSION = 3;

/** Where a tokenizer comes from: a GGUF's metadata, a tokenizer.json (and what lies beside it), or plain bytes. */
export type TokenizerOrigin = { gguf: string } | { json: string } | "bytes";

/** Where a model says which tokens end a text: in a GGUF's metadata, or in a folder's configurations. */
export type EndsOrigin = { gguf: string } | { folder: string };

/** Where weights are stored: a GGUF (of a split one, its first file), or a .safetensors file or its index. Of what is on the hub, headers may be all that was fetched. */
export type StoredWeights = { gguf: string } | { safetensors: string } | { headersOf: string };

/** Weights in files. */
export interface WeightsOrigin {
  /** As shown to people: a file's name. */
  label: string;
  /** The weights' format, e.g. "Q4_K_M, 7.4 bits a weight", "BF16" or "F32". */
  storedAs: string;
  /** The files that hold the weights. */
  files: string[];
  /** Tells these weights from all others without reading them: path, size and time of change of the files. */
  identity: string;
  stored: StoredWeights;
}

/** Where on the hub a model came from. */
export interface HubSource {
  /** `owner/name`. */
  repo: string;
  /** As it was asked for: a branch, a tag or a commit. */
  revision: string;
  /** What that revision was. */
  commit: string;
  /** As the repository's card names it; null where it names none. */
  license: string | null;
}

/** A model in files. */
export interface ModelOrigin {
  name: string;
  /** The architecture that the weights belong to. */
  base: ArchSpec;
  weights: WeightsOrigin;
  tokenizer: TokenizerOrigin;
  ends: EndsOrigin;
  /** Absent for files of this machine. */
  hub?: HubSource;
}

/**
 * The model of a .gguf file.
 *
 * @param path The file; of a split model, any of its files.
 * @throws {Deno.errors.NotFound} If it, or a part of the model, is not there.
 * @throws {SyntaxError} If it is damaged.
 * @throws {TypeError} If it asks for something that is not built.
 */
export async function ggufOrigin(path: string, name: string): Promise<ModelOrigin> {
  // All shards that are there: if one comes, goes or changes, the header is read anew.
  const there: string[] = [];
  for (const shard of shardPaths(path)) if (shard === path || await isFile(shard)) there.push(shard);
  const header = await remembered(
    cacheDir("headers", `${cacheKey([HEADER_VERSION, await filesIdentity(there), name])}.json`),
    async () => {
      const file = await openGguf(path);
      return { base: checked(await specFromGguf(file, name), path), storedAs: file.quantisation, files: file.files };
    },
  );
  const { base, storedAs, files } = header, [first] = files;
  return {
    name,
    base,
    weights: {
      label: basename(first),
      storedAs,
      files,
      identity: await filesIdentity(files),
      stored: { gguf: first },
    },
    tokenizer: { gguf: first },
    ends: { gguf: first },
  };
}

/**
 * The model of a folder with config.json, .safetensors and, mostly, tokenizer.json; without that it reads bytes.
 *
 * @throws {Deno.errors.NotFound} If one of the first two is not there.
 * @throws {SyntaxError} If a file is damaged, or config.json and weights do not fit one another.
 * @throws {TypeError} If the model's family, or something that it asks for, is not built.
 */
export async function folderOrigin(folder: string, name: string = basename(folder)): Promise<ModelOrigin> {
  const { spec, weights } = await readFolder(folder, name);
  const file = await openSafetensors(weights);
  refusePacked(file);
  const base = checked(await withHeadOfFile(file, spec), join(folder, "config.json"));
  const tokenizer = join(folder, "tokenizer.json");
  return {
    name,
    base,
    weights: await weightsIn(file, base),
    tokenizer: await isFile(tokenizer) ? { json: tokenizer } : "bytes",
    ends: { folder },
  };
}

/**
 * Weights of an architecture in a .safetensors file or an index of shards.
 *
 * @throws {TypeError} If they are packed by a method of quantisation.
 * @throws {SyntaxError} If the file is damaged, or its tensors are not those of the architecture.
 */
export async function safetensorsOrigin(path: string, base: ArchSpec): Promise<WeightsOrigin> {
  const file = await openSafetensors(path);
  refusePacked(file);
  await refuseOwnHead(file, base);
  return await weightsIn(file, base);
}

async function weightsIn(file: Safetensors, base: ArchSpec): Promise<WeightsOrigin> {
  const { label } = safetensorsWeights(file, base); // checks names and shapes
  return {
    label,
    storedAs: storedAs(file),
    files: file.files,
    // What the tensors are made into depends on the architecture, e.g. on its heads.
    identity: `${await filesIdentity(file.files)}|${cacheKey(base)}`,
    stored: { safetensors: file.path },
  };
}

/** Open the weights of an architecture where they are stored. */
export async function openStored(stored: StoredWeights, base: ArchSpec): Promise<WeightSource> {
  if ("headersOf" in stored) {
    throw new TypeError(`Cannot read the weights of ${stored.headersOf}: only headers were fetched`);
  }
  if ("gguf" in stored) return ggufWeights(await openGguf(stored.gguf), base);
  return safetensorsWeights(await openSafetensors(stored.safetensors), base);
}

/** @throws {SyntaxError} If a file describes an architecture that cannot be, e.g. one of half a head. */
function checked(spec: ArchSpec, path: string): ArchSpec {
  try {
    validateSpec(spec);
    return spec;
  } catch (error) {
    throw new SyntaxError(`Cannot open ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Whether a path is a file that is there. */
export async function isFile(path: string): Promise<boolean> {
  return await stat(path).then((s) => s?.isFile ?? false);
}

/** Whether a path is a folder that is there. */
export async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then((s) => s?.isDirectory ?? false);
}
