/**
 * What a model's numbers depend on, so that results of one model are never taken for another's. Its tokenizer has a
 * fingerprint of its own (lib/model/tokenizer_fingerprint.ts).
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { cacheDir } from "../store/paths.ts";
import { remembered } from "../store/whole_file.ts";
import { BUILD_VERSION, cacheKey, GRAPH_VERSION } from "./build.ts";
import { isResolvedGraph, type ResolvedGraph } from "./foreign/resolved_graph.ts";
import type { FoundModel } from "./model_facts.ts";
import { resolveModel } from "./resolve.ts";
import type { ModelSource } from "./resolved.ts";
import type { ModelOptions, Precision } from "./model_ref.ts";
import type { ArchEdit, ArchSpec } from "./spec.ts";

export interface ModelFingerprint {
  /** SHA-256 of each file's bytes, or the seed of random weights. */
  weights: string;
  /** The architecture that the weights belong to, and the one that runs: after the edits. */
  base: ArchSpec;
  spec: ArchSpec;
  /** The edits that changed the weights, where there are some. */
  weightEdits?: ArchEdit[];
  precision: Precision;
  /** Versions of how weights are packed and graphs are built. */
  build: [number, number];
}

/**
 * The fingerprint of a reference. A file is read once and its hash remembered by path, size and time of change.
 *
 * @throws As `resolveModel`, for a reference or precision that there is not.
 */
export async function modelFingerprint(ref: ModelSource, options: ModelOptions = {}): Promise<ModelFingerprint> {
  const { base, spec, weightEdits, precision, source, files } = await resolveModel(ref, options);
  return {
    weights: files === null ? source : await hashesOf(files),
    base,
    spec,
    ...(weightEdits.length ? { weightEdits } : {}),
    precision,
    build: [BUILD_VERSION, GRAPH_VERSION],
  };
}

/** The fingerprint of a graph that was made elsewhere, and of what is added to it. */
export async function graphFingerprint({ files, layout, options: { optimise } }: ResolvedGraph): Promise<unknown> {
  return { graph: await hashesOf(files), layout, ...(optimise ? { optimise } : {}) };
}

/** The fingerprint of what a reference was found to be. */
export async function foundFingerprint(found: FoundModel, options: ModelOptions = {}): Promise<unknown> {
  return isResolvedGraph(found) ? await graphFingerprint(found) : await modelFingerprint(found, options);
}

async function hashesOf(files: string[]): Promise<string> {
  const hashes: string[] = [];
  for (const file of files) hashes.push(await hashOf(file));
  return hashes.join(" ");
}

/** A file's SHA-256, remembered by its path, size and time of change. */
async function hashOf(path: string): Promise<string> {
  const { size, mtime } = await Deno.stat(path);
  const key = cacheKey([`${path}|${size}|${mtime?.getTime()}`]);
  return await remembered(cacheDir("hashes", `${key}.json`), () => sha256OfFile(path));
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk);
  return hash.digest("hex");
}
