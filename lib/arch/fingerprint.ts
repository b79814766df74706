/** What a model's answers depend on, so that results of one model are never taken for another's. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { cacheDir } from "../store/paths.ts";
import { remembered } from "../store/whole_file.ts";
import { BUILD_VERSION, cacheKey, GRAPH_VERSION } from "./build.ts";
import { resolveModel } from "./resolve.ts";
import type { ArchSpec, ModelOptions, ModelRef, Precision } from "./spec.ts";

export interface ModelFingerprint {
  /** SHA-256 of the file's bytes, or the seed of random weights. */
  weights: string;
  /** The architecture that the weights belong to, and the one that runs: after the edits. */
  base: ArchSpec;
  spec: ArchSpec;
  precision: Precision;
  tokenizer: "bytes" | "of the file";
  /** Versions of how weights are packed and graphs are built. */
  build: [number, number];
}

/**
 * The fingerprint of a reference. A file is read once and its hash remembered by path, size and time of change.
 *
 * @throws As `resolveModel`, for a reference or precision that there is not.
 */
export async function modelFingerprint(ref: ModelRef, options: ModelOptions = {}): Promise<ModelFingerprint> {
  const { base, spec, precision, source, file, identity, tokenizer } = await resolveModel(ref, options);
  return {
    weights: file === null
      ? source
      : await remembered(cacheDir("hashes", `${cacheKey([identity])}.json`), () => sha256OfFile(file)),
    base,
    spec,
    precision,
    tokenizer: tokenizer === "bytes" ? "bytes" : "of the file",
    build: [BUILD_VERSION, GRAPH_VERSION],
  };
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk);
  return hash.digest("hex");
}
