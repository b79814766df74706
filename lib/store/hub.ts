/**
 * Datasets of the hub (or of a mirror, HF_ENDPOINT): a split's files are fetched once, checked against the hub's hashes
 * and kept in the cache. With HF_HUB_OFFLINE=1 nothing is fetched.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { progress } from "../progress.ts";
import {
  cachedListing,
  type HubFile,
  hubFilePath,
  type HubListing,
  type HubReference,
  isSafePath,
  keepListing,
  NotCachedError,
  parseHubReference,
} from "./hub_cache.ts";
import { splitFiles } from "./hub_layout.ts";

export interface HubOptions {
  /** Default: test, else validation, else the only one. */
  split?: string;
  /** Fetch nothing. */
  cachedOnly?: boolean;
  /** Most bytes of a split's files together. Default 2 GB. */
  maxBytes?: number;
}

export interface HubSplit {
  split: string;
  commit: string;
  /** Absolute paths, in the order of their rows. */
  files: string[];
}

const MAX_BYTES = 2e9;
/** A dataset with more files than this is not one of questions. */
const MAX_FILES = 20_000;

/**
 * The files of a split on this machine; what is missing is fetched, which is said in a line.
 *
 * @param source `hf:owner/name`, with `/config` or a file's path behind it.
 * @throws {NotCachedError} If something is missing, and `cachedOnly` or HF_HUB_OFFLINE is set.
 * @throws {RangeError} If there is no such split, or it is larger than `maxBytes`.
 * @throws {Error} If the hub cannot be reached or refuses, or what came is not what its hashes say.
 */
export async function hubSplit(source: string, options: HubOptions = {}): Promise<HubSplit> {
  const reference = parseHubReference(source);
  const known = await cachedListing(reference);
  if (!known) requireOnline(source, options);
  const listing = known ?? await fetchListing(source, reference);
  const { split, files } = splitFiles(source, listing.files.map((f) => f.path), reference.path, options.split);
  const local = files.map((path) => hubFilePath(reference.repo, listing.commit, path));
  const missing = files.filter((_, i) => !existsSync(local[i]));
  if (missing.length) {
    requireOnline(`${source}, split ${split}`, options);
    const wanted = listing.files.filter((f) => missing.includes(f.path));
    requireSize(source, wanted, options.maxBytes ?? MAX_BYTES);
    await fetchFiles(source, reference, listing.commit, wanted);
  }
  return { split, commit: listing.commit, files: local };
}

function requireOnline(what: string, { cachedOnly }: HubOptions): void {
  const offline = /^(1|true|yes|on)$/i.test(Deno.env.get("HF_HUB_OFFLINE") ?? "");
  if (!offline && !cachedOnly) return;
  const why = offline ? "HF_HUB_OFFLINE is set; unset it to fetch them" : "only what is on this machine is read here";
  throw new NotCachedError(what, `The rows of ${what} are not on this machine, and ${why}`);
}

function requireSize(source: string, files: HubFile[], maxBytes: number): void {
  const bytes = files.reduce((sum, f) => sum + f.bytes, 0);
  if (bytes <= maxBytes) return;
  throw new RangeError(
    `Refused to fetch ${source}: ${megabytes(bytes)} is more than the ${
      megabytes(maxBytes)
    } that is fetched unasked; ` +
      `pass the path of one of its files (${files[0].path}), or fetch it yourself and pass the file's path`,
  );
}

/** The hub's library, its address and the user's token, where there is one. */
async function hub() {
  const library = await import("@huggingface/hub"); // heavy, and only needed to fetch
  const accessToken = Deno.env.get("HF_TOKEN") || undefined;
  return { ...library, access: { hubUrl: mirror() ?? library.HUB_URL, ...(accessToken ? { accessToken } : {}) } };
}

function mirror(): string | undefined {
  return Deno.env.get("HF_ENDPOINT")?.replace(/\/+$/, "") || undefined;
}

function hubName(): string {
  return mirror() ?? "the Hugging Face hub";
}

async function fetchListing(source: string, reference: HubReference): Promise<HubListing> {
  const { repo, revision } = reference;
  return await explained(source, async () => {
    const { datasetInfo, listFiles, access } = await hub();
    const { sha } = await datasetInfo({ name: repo, revision, additionalFields: ["sha"], ...access });
    if (!/^[0-9a-f]{40}$/.test(sha)) throw new Error(`the hub names no commit, but ${JSON.stringify(sha)}`);
    const files: HubFile[] = [];
    const entries = listFiles({ repo: { type: "dataset", name: repo }, revision: sha, recursive: true, ...access });
    for await (const { type, path, size, oid, lfs } of entries) {
      if (type !== "file" || !isSafePath(path)) continue;
      if (files.length === MAX_FILES) throw new Error(`it has more than ${MAX_FILES} files`);
      files.push({ path, bytes: lfs?.size ?? size, hash: lfs ? `sha256:${lfs.oid}` : `sha1:${oid}` });
    }
    const listing = { commit: sha, files };
    await keepListing(reference, listing);
    return listing;
  });
}

async function fetchFiles(source: string, { repo }: HubReference, commit: string, files: HubFile[]): Promise<void> {
  const total = files.reduce((sum, f) => sum + f.bytes, 0);
  console.log(`Fetching ${files.map((f) => f.path).join(", ")} of ${source} (${megabytes(total)}) from ${hubName()}`);
  const bar = progress(`fetch ${source}`, total, { unit: "bytes" });
  let done = 0;
  try {
    for (const file of files) {
      await explained(source, () => fetchFile(repo, commit, file, (bytes) => bar.update(done += bytes)));
    }
  } finally {
    bar.finish();
  }
}

/** Download beside, compare size and hash, rename: a file is there only when it is whole and right. */
async function fetchFile(repo: string, commit: string, file: HubFile, onBytes: (n: number) => void): Promise<void> {
  const { downloadFile, access } = await hub();
  const blob = await downloadFile({
    repo: { type: "dataset", name: repo },
    path: file.path,
    revision: commit,
    ...access,
  });
  if (!blob) throw new Error(`${file.path} is not there`);
  const target = hubFilePath(repo, commit, file.path), partial = `${target}.${crypto.randomUUID()}.partial`;
  const [algorithm, expected] = file.hash.split(":");
  const hash = createHash(algorithm);
  if (algorithm === "sha1") hash.update(`blob ${file.bytes}\0`); // git's hash of a file
  await mkdir(dirname(target), { recursive: true });
  const output = await open(partial, "w");
  try {
    let bytes = 0;
    for await (const chunk of blob.stream()) {
      bytes += chunk.length;
      if (bytes > file.bytes) {
        throw new Error(`${file.path} has more than the ${file.bytes} bytes that the hub announced`);
      }
      hash.update(chunk);
      await output.writeFile(chunk);
      onBytes(chunk.length);
    }
    if (bytes < file.bytes) throw new Error(`${file.path} ended after ${bytes} of ${file.bytes} bytes`);
    const got = hash.digest("hex");
    if (got !== expected) throw new Error(`the ${algorithm} of ${file.path} is ${got}, the hub says ${expected}`);
    await output.close();
    await rename(partial, target);
  } catch (error) {
    await output.close().catch(() => {}); // closed already where renaming failed
    await rm(partial, { force: true });
    throw error;
  }
}

async function explained<T>(source: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(
      `Cannot fetch ${source} from ${hubName()}: ${
        error instanceof Error ? error.message : error
      }. Is there a network? ` +
        `HF_ENDPOINT names a mirror; a file that you have can be passed by its path`,
      { cause: error },
    );
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
