/** References to the hub: `hf:owner/name`, with a revision and a path or not. */

export type HubKind = "dataset" | "model";

/** A place in a repository of the hub. */
export interface HubReference {
  /** `owner/name`. */
  repo: string;
  /** A branch, a tag, a commit, or a pull request's `refs/pr/1`. */
  revision: string;
  /** A file, or a folder; empty for the whole repository. */
  path: string;
}

const REFERENCE = /^hf:([\w.-]+\/[\w.-]+?)(?:@(refs\/(?:pr|convert)\/[\w.-]+|[\w.+-]+))?(?:\/(.*?)\/?)?$/;
const FORMS: Record<HubKind, string> = {
  dataset: "a dataset of the hub is hf:owner/name, hf:owner/name/config or hf:owner/name@revision/config",
  model:
    "a model of the hub is hf:owner/name, hf:owner/name@revision, or one of these with /file.gguf or /folder behind it",
};

/**
 * Read `hf:owner/name`, `hf:owner/name@revision`, either followed by `/folder` or `/folder/file`.
 *
 * @param kind For the error alone: what is meant.
 * @throws {RangeError} For anything else.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseHubReference } from "./reference.ts";
 *
 * assert.deepEqual(parseHubReference("hf:allenai/ai2_arc/ARC-Easy"), {
 *   repo: "allenai/ai2_arc",
 *   revision: "main",
 *   path: "ARC-Easy",
 * });
 * ```
 */
export function parseHubReference(text: string, kind: HubKind = "dataset"): HubReference {
  const [, repo, revision = "main", path = ""] = REFERENCE.exec(text) ?? [];
  const bad = repo === undefined || repo.includes("--") || revision.length > 100 ||
    (path !== "" && !isSafePath(path)) ||
    [...repo.split("/"), ...revision.split("/")].some(isDots);
  if (!bad) return { repo, revision, path };
  throw new RangeError(`Cannot read "${text}": ${FORMS[kind]}`);
}

/** The reference to another path of the same repository. */
export function referenceTo({ repo, revision }: HubReference, path: string): string {
  return `hf:${repo}${revision === "main" ? "" : `@${revision}`}${path && `/${path}`}`;
}

/** Whether a path of a repository stays inside a folder of ours, on every system. */
export function isSafePath(path: string): boolean {
  return path.length < 500 && path.split("/").every((part) => /^[^\\:*?"<>|\p{Cc}]+$/u.test(part) && !isDots(part));
}

function isDots(part: string): boolean {
  return part === "." || part === "..";
}
