/** Files of a commit onto this machine: what is missing, by one process at a time, where it fits on the disk. */
import { mkdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { progress } from "../../progress.ts";
import { type HubFile, hubFilePath, type HubRepository, isFetched, repositoryFolder } from "./cache.ts";
import { download } from "./download.ts";
import { HubReason } from "./fault.ts";
import { explained, type HubAccess, requireOnline } from "./listing.ts";
import { hubName, hubUrl } from "./request.ts";
import { megabytes } from "./size.ts";

export interface FetchLimits extends HubAccess {
  /** Most bytes that are fetched, and what to do about more. */
  maxBytes?: number;
  instead?: string;
  /** What they are of the source, where it has several parts. */
  part?: string;
  /** Bytes that the disk of a folder has left. Default: what the system says; null where it does not. */
  freeBytes?: (folder: string) => Promise<number | null>;
}

/** Left free beside what is fetched: for what is built of it next, and for everybody else. */
const SPARE_BYTES = 100e6;

/**
 * Fetch those of the files that are not there.
 *
 * @param source As it was asked for.
 * @returns Where they lie, in their order.
 * @throws {NotCachedError} If something is missing, and `cachedOnly` or HF_HUB_OFFLINE is set.
 * @throws {RangeError} If they have more than `maxBytes`.
 * @throws {HubError} If they cannot be got.
 */
export async function hubFiles(
  source: string,
  repository: HubRepository,
  commit: string,
  files: HubFile[],
  limits: FetchLimits = {},
): Promise<string[]> {
  const missing = () => files.filter((file) => !isFetched(repository, commit, file));
  if (missing().length) {
    requireOnline(limits.part ? `${source}, ${limits.part}` : source, repository.kind, limits);
    requireSize(source, missing(), limits);
    await explained(source, repository.kind, repository.repo, async () => {
      using _lock = await lockOf(source, repository);
      await fetchMissing(source, repository, commit, missing(), limits); // another process may have fetched them meanwhile
    });
  }
  return files.map(({ path }) => hubFilePath(repository, commit, path));
}

function requireSize(source: string, files: HubFile[], { maxBytes = Infinity, instead }: FetchLimits): void {
  const bytes = sum(files.map((file) => file.bytes));
  if (bytes <= maxBytes) return;
  throw new RangeError(
    `Refused to fetch ${source}: ${megabytes(bytes)} is more than the ${megabytes(maxBytes)} that is fetched unasked` +
      (instead ? `; ${instead}` : ""),
  );
}

/** The system frees it when the process ends, however that happens. */
async function lockOf(source: string, repository: HubRepository): Promise<Deno.FsFile> {
  const folder = repositoryFolder(repository);
  await mkdir(folder, { recursive: true });
  const lock = await Deno.open(join(folder, "fetch.lock"), { create: true, write: true });
  if (!await lock.tryLock(true)) {
    console.log(`Another process is fetching files of ${source}: waiting for it`);
    await lock.lock(true);
  }
  return lock;
}

async function fetchMissing(
  source: string,
  repository: HubRepository,
  commit: string,
  files: HubFile[],
  limits: FetchLimits,
): Promise<void> {
  if (!files.length) return;
  const total = sum(files.map((file) => file.bytes)), there = sum(await Promise.all(files.map(partialBytes)));
  await requireSpace(repositoryFolder(repository), total - there, limits.freeBytes ?? freeBytes);
  const names = files.length > 4 ? `${files.length} files` : files.map((file) => file.path).join(", ");
  const left = there > 0 ? `, of which ${megabytes(there)} are there` : "";
  console.log(`Fetching ${names} of ${source} (${megabytes(total)}${left}) from ${hubName()}`);
  const bar = progress(`fetch ${source}`, total, { unit: "bytes" });
  bar.update(there);
  const started = performance.now();
  const rate = (bytes: number) =>
    `${((bytes - there) / 1e3 / Math.max(1, performance.now() - started)).toFixed(1)} MB/s`;
  let done = 0;
  try {
    for (const file of files) {
      await download(
        addressOf(repository, commit, file.path),
        hubFilePath(repository, commit, file.path),
        file,
        (bytes) => bar.update(done + bytes, rate(Math.max(there, done + bytes))),
        { onWait: (reason, ms) => bar.update(done, `${reason}: waiting ${Math.ceil(ms / 1000)} s`), ...limits.network },
      );
      done += file.bytes;
    }
  } finally {
    bar.finish();
  }

  async function partialBytes({ path, bytes }: HubFile): Promise<number> {
    const partial = `${hubFilePath(repository, commit, path)}.partial`;
    return Math.min(bytes, await stat(partial).then((s) => s.size, () => 0));
  }
}

async function requireSpace(folder: string, bytes: number, free: NonNullable<FetchLimits["freeBytes"]>): Promise<void> {
  const left = await free(folder);
  if (left === null || bytes + SPARE_BYTES <= left) return;
  throw new HubReason(
    "disk",
    `it needs ${megabytes(bytes)} and ${megabytes(SPARE_BYTES)} to spare, and the disk of ${folder} has ` +
      `${megabytes(left)} left`,
  );
}

async function freeBytes(folder: string): Promise<number | null> {
  return await statfs(folder).then(({ bavail, bsize }) => bavail * bsize, () => null);
}

/** Where the hub has a file; the name of one may hold what has a meaning in an address. */
export function addressOf({ kind, repo }: HubRepository, commit: string, path: string): string {
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  return `${hubUrl()}/${kind === "dataset" ? "datasets/" : ""}${repo}/resolve/${commit}/${encoded}`;
}

function sum(numbers: number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
