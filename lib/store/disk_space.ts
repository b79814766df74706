/** What the disk must have free for the packages of the catalog, asked before anything is downloaded. */
import { statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type CatalogPackage, type CatalogWheel, packageFolder } from "./catalog.ts";
import { isComplete, joiningFile } from "./fetch.ts";
import { wholeParts } from "./join_parts.ts";
import { fileBytes, folderBytes, wheelFile } from "./wheel.ts";

/**
 * The most bytes that fetching what is missing of these packages takes beyond what the disk holds now. They come one after
 * the other, and a wheel goes once it is unpacked.
 */
export async function spaceNeeded(packages: CatalogPackage[], root: string): Promise<number> {
  let taken = 0, most = 0;
  const take = (bytes: number) => most = Math.max(most, taken += bytes);
  const takeWheel = async (wheel: CatalogWheel) => {
    const file = wheelFile(wheel, root);
    if (await fileBytes(file) !== null) return;
    take(-await folderBytes(`${file}.partial`));
    take(2 * wheel.bytes); // pip copies what it has downloaded,
    take(-wheel.bytes); // then removes its own
  };
  for (const pkg of packages) {
    const folder = packageFolder(pkg, join(root, "packages")), { joined } = pkg;
    if (await isComplete(pkg, folder)) continue;
    take(-await folderBytes(`${folder}.partial`));
    await takeWheel(pkg);
    take(pkg.unpackedBytes);
    if (joined) {
      const have = await fileBytes(joiningFile(pkg, root)) ?? 0, whole = wholeParts(joined, have);
      take(whole.bytes - have);
      for (const part of joined.parts.slice(whole.count)) {
        await takeWheel(part);
        take(part.memberBytes);
        take(-part.bytes);
      }
    }
    take(-pkg.bytes);
  }
  return most;
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
