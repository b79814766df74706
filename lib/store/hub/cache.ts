/**
 * The hub's files on this machine: `<cache>/hub/<owner>--<name>/` of a dataset and `<cache>/hub/models--<owner>--<name>/`
 * of a model, with a list of a revision's files and, by commit, those that were fetched. What is there is read without a
 * network and stays as it is: a branch is the commit that it was when it was first asked for.
 */
import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheDir } from "../paths.ts";
import { writeWhole } from "../whole_file.ts";
import type { HubKind, HubReference } from "./reference.ts";

/** A repository; owners and names hold no "--", so that each has a folder of its own. */
export interface HubRepository {
  kind: HubKind;
  /** `owner/name`. */
  repo: string;
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
  /** As the repository's card names it; null where it names none. */
  license?: string | null;
}

/** Files that would have to be fetched first. */
export class NotCachedError extends Error {
  override name = "NotCachedError";
  /** @param source Where they would come from, e.g. `hf:allenai/ai2_arc/ARC-Easy`. */
  constructor(readonly source: string, message: string) {
    super(message);
  }
}

/** The list of a revision's files, where it was fetched. */
export async function cachedListing(kind: HubKind, reference: HubReference): Promise<HubListing | undefined> {
  const file = listingFile({ kind, repo: reference.repo }, reference.revision);
  if (!existsSync(file)) return undefined;
  try {
    const listing: HubListing = JSON.parse(await readFile(file, "utf8"));
    return isCommit(listing.commit) && Array.isArray(listing.files) ? listing : undefined;
  } catch {
    return undefined; // a damaged one is fetched again
  }
}

/** Keep a list under its revision, and under its commit, which may be asked for next. */
export async function keepListing(kind: HubKind, reference: HubReference, listing: HubListing): Promise<void> {
  for (const revision of new Set([listing.commit, reference.revision])) {
    await writeWhole(listingFile({ kind, repo: reference.repo }, revision), JSON.stringify(listing));
  }
}

export function isCommit(text: unknown): text is string {
  return typeof text === "string" && /^[0-9a-f]{40}$/.test(text);
}

/** Where a file of a commit lies on this machine; it is there only when whole. */
export function hubFilePath(repository: HubRepository, commit: string, path: string): string {
  return join(repositoryFolder(repository), commit, ...path.split("/"));
}

/** Whether the file was fetched. One of another size was changed by somebody, and is fetched again. */
export function isFetched(repository: HubRepository, commit: string, { path, bytes }: HubFile): boolean {
  return statSync(hubFilePath(repository, commit, path), { throwIfNoEntry: false })?.size === bytes;
}

export function repositoryFolder({ kind, repo }: HubRepository): string {
  return cacheDir("hub", `${kind === "model" ? "models--" : ""}${repo.replace("/", "--")}`);
}

function listingFile(repository: HubRepository, revision: string): string {
  return join(repositoryFolder(repository), `${revision.replaceAll("/", "%2F")}.json`);
}
