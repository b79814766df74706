/**
 * The hub's files on this machine: `<cache>/hub/<owner>--<name>/`, with a list of a revision's files and, by commit,
 * those that were fetched. What is there is read without a network and stays as it is.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheDir } from "./paths.ts";
import { writeWhole } from "./whole_file.ts";

/** A place in a dataset repository of the hub. */
export interface HubReference {
  /** `owner/name`. */
  repo: string;
  /** A branch, a tag or a commit. */
  revision: string;
  /** A file, or a folder; empty for the whole repository. */
  path: string;
}

export interface HubFile {
  path: string;
  bytes: number;
  /** `sha256:` of the content, or git's `sha1:` of a small file's blob. */
  hash: string;
}

/** The files of one commit. */
export interface HubListing {
  commit: string;
  files: HubFile[];
}

/** Rows that would have to be fetched first. */
export class NotCachedError extends Error {
  override name = "NotCachedError";
  /** @param source Where they would come from, e.g. `hf:allenai/ai2_arc/ARC-Easy`. */
  constructor(readonly source: string, message: string) {
    super(message);
  }
}

/**
 * Read `hf:owner/name`, `hf:owner/name@revision`, either followed by `/folder` or `/folder/file`.
 *
 * @throws {RangeError} For anything else.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseHubReference } from "./hub_cache.ts";
 *
 * assert.deepEqual(parseHubReference("hf:allenai/ai2_arc/ARC-Easy"), {
 *   repo: "allenai/ai2_arc",
 *   revision: "main",
 *   path: "ARC-Easy",
 * });
 * ```
 */
export function parseHubReference(text: string): HubReference {
  const [, repo, revision = "main", path = ""] = /^hf:([\w.-]+\/[\w.-]+?)(?:@([\w.-]+))?(?:\/(.*?)\/?)?$/.exec(text) ??
    [];
  const bad = repo === undefined || (path !== "" && !isSafePath(path)) || [...repo.split("/"), revision].some(isDots);
  if (!bad) return { repo, revision, path };
  throw new RangeError(
    `Cannot read "${text}": a dataset of the hub is hf:owner/name, hf:owner/name/config or hf:owner/name@revision/config`,
  );
}

/** Whether a path of a repository stays inside a folder of ours, on every system. */
export function isSafePath(path: string): boolean {
  return path.length < 500 && path.split("/").every((part) => /^[^\\:*?"<>|\p{Cc}]+$/u.test(part) && !isDots(part));
}

function isDots(part: string): boolean {
  return part === "." || part === "..";
}

/** The list of a revision's files, where it was fetched. */
export async function cachedListing({ repo, revision }: HubReference): Promise<HubListing | undefined> {
  const file = listingFile(repo, revision);
  return existsSync(file) ? JSON.parse(await readFile(file, "utf8")) : undefined;
}

export async function keepListing({ repo, revision }: HubReference, listing: HubListing): Promise<void> {
  await writeWhole(listingFile(repo, revision), JSON.stringify(listing));
}

/** Where a file of a commit lies on this machine; it is there only when whole. */
export function hubFilePath(repo: string, commit: string, path: string): string {
  return join(repoFolder(repo), commit, ...path.split("/"));
}

function listingFile(repo: string, revision: string): string {
  return join(repoFolder(repo), `${revision}.json`);
}

function repoFolder(repo: string): string {
  return cacheDir("hub", repo.replace("/", "--"));
}
