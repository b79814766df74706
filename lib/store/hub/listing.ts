/** The files of a repository at a revision: asked for once, then kept with the commit that the revision was. */
import { cachedListing, type HubFile, type HubListing, isCommit, keepListing, NotCachedError } from "./cache.ts";
import { hubError, HubReason } from "./fault.ts";
import { type HubKind, type HubReference, isSafePath } from "./reference.ts";
import { hubName, type HubNetwork, hubRequest, hubUrl, piecesOf } from "./request.ts";
import { isSet } from "./token.ts";

export interface HubAccess {
  /** Fetch nothing. */
  cachedOnly?: boolean;
  network?: HubNetwork;
}

/** A repository with more files than this holds neither questions nor a model. */
const MAX_FILES = 20_000;
/** The hub takes no larger ones. */
const MAX_FILE_BYTES = 1e12;
/** More than any list of files, and than a page of one. */
const MAX_ANSWER_BYTES = 100e6;

/**
 * @param source The reference as it was given, for errors.
 * @throws {NotCachedError} If it is not on this machine, and `cachedOnly` or HF_HUB_OFFLINE is set.
 * @throws {HubError} If the hub cannot be reached, or has no such repository or revision.
 */
export async function hubListing(
  source: string,
  kind: HubKind,
  reference: HubReference,
  access: HubAccess = {},
): Promise<HubListing> {
  const known = await cachedListing(kind, reference);
  if (known) return known;
  requireOnline(source, kind, access);
  const listing = await explained(source, kind, reference.repo, () => fetchListing(kind, reference, access));
  await keepListing(kind, reference, listing);
  return listing;
}

/** @throws {NotCachedError} If nothing may be fetched. */
export function requireOnline(what: string, kind: HubKind, { cachedOnly }: HubAccess): void {
  const offline = isSet("HF_HUB_OFFLINE");
  if (!offline && !cachedOnly) return;
  const why = offline ? "HF_HUB_OFFLINE is set; unset it to fetch them" : "only what is on this machine is read here";
  const things = kind === "dataset" ? "rows" : "files";
  throw new NotCachedError(what, `The ${things} of ${what} are not on this machine, and ${why}`);
}

/** Errors say what was asked for, of whom, and what to do. */
export async function explained<T>(source: string, kind: HubKind, repo: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof NotCachedError || (error as Error)?.name === "StopError") throw error;
    throw hubError(source, hubName(), `${hubUrl()}/${kind === "dataset" ? "datasets/" : ""}${repo}`, error);
  }
}

async function fetchListing(
  kind: HubKind,
  { repo, revision }: HubReference,
  { network = {} }: HubAccess,
): Promise<HubListing> {
  const { datasetInfo, listFiles, modelInfo } = await import("@huggingface/hub"); // heavy, and only needed to fetch
  const access = { hubUrl: hubUrl(), fetch: wholeAnswers(network) };
  const asked = { name: repo, revision, additionalFields: ["sha" as const, "tags" as const], ...access };
  const { sha, tags } = await (kind === "dataset" ? datasetInfo(asked) : modelInfo(asked));
  if (!isCommit(sha)) throw new HubReason("damaged", `it names no commit, but ${JSON.stringify(sha)}`);
  const files: HubFile[] = [];
  for await (
    const { type, path, size, oid, lfs } of listFiles({
      repo: { type: kind, name: repo },
      revision: sha,
      recursive: true,
      ...access,
    })
  ) {
    if (typeof path !== "string") throw new HubReason("damaged", "its list has a file without a name");
    if (type !== "file" || !isSafePath(path)) continue;
    if (files.length === MAX_FILES) throw new HubReason("damaged", `it has more than ${MAX_FILES} files`);
    const bytes = lfs?.size ?? size, hash = lfs ? `sha256:${lfs.oid}` : `sha1:${oid}`;
    if (
      !(Number.isInteger(bytes) && bytes >= 0 && bytes <= MAX_FILE_BYTES) ||
      !/^(sha256:[0-9a-f]{64}|sha1:[0-9a-f]{40})$/.test(hash)
    ) {
      throw new HubReason("damaged", `its list says that ${path} has ${bytes} bytes and the hash ${hash}`);
    }
    files.push({ path, bytes, hash });
  }
  return { commit: sha, files, license: licenseOf(tags) };
}

/** The hub turns a card's licence into a tag. */
function licenseOf(tags: unknown): string | null {
  const tag = Array.isArray(tags) ? tags.find((t) => typeof t === "string" && t.startsWith("license:")) : undefined;
  return tag?.slice("license:".length, 200) ?? null;
}

/** `fetch` for the hub's library: it never sees the token, and an answer without an end costs no memory. */
function wholeAnswers(network: HubNetwork): typeof fetch {
  return async (input, init) => {
    const { url, headers } = new Request(input as RequestInfo, init as RequestInit); // only ever asks, with headers
    const response = await hubRequest(url, Object.fromEntries(headers), network);
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    let bytes = 0;
    for await (const piece of piecesOf(response, network)) {
      pieces.push(piece.slice());
      bytes += piece.length;
      if (bytes > MAX_ANSWER_BYTES) throw new HubReason("damaged", "its list of files does not end");
    }
    return new Response(await new Blob(pieces).bytes(), { status: response.status, headers: response.headers });
  };
}
