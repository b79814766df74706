/**
 * Brings a package of the catalog into the cache: download, compare the hash, unpack beside, rename. A package
 * folder is there only when it is whole, so an interruption costs at most the step that it hit.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CatalogPackage, packageFolder } from "./catalog.ts";
import { pipCommand, run } from "./python.ts";
import { unpackZip } from "./unpack.ts";

/** Puts the package's file into `folder`. */
export type Download = (pkg: CatalogPackage, folder: string) => Promise<void>;

export interface FetchOptions {
  /** The cache's folder; `downloads` and `packages` are made in it. */
  root: string;
  /** Default: pip. */
  download?: Download;
  /** Told what happens, and how much of it is done. */
  onProgress?: (step: "download" | "check" | "unpack", bytes: number, total: number) => void;
}

const STAMP = ".complete.json";

/**
 * Make sure that the package's folder is there, doing only what is missing.
 *
 * @returns Whether anything was done.
 * @throws {Error} If the download fails, or the file's SHA-256 is not the catalog's: then the file is removed.
 */
export async function fetchPackage(pkg: CatalogPackage, options: FetchOptions): Promise<boolean> {
  const { root, download = pipDownload, onProgress } = options;
  const folder = packageFolder(pkg, join(root, "packages"));
  if (await isComplete(pkg, folder)) return false;

  const file = join(root, "downloads", pkg.file);
  if (!(await exists(file))) {
    const partial = `${file}.partial`;
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    const timer = setInterval(
      () => void folderBytes(partial).then((n) => onProgress?.("download", Math.min(n, pkg.bytes), pkg.bytes)),
      250,
    );
    try {
      await download(pkg, partial);
    } finally {
      clearInterval(timer);
    }
    if (!(await exists(join(partial, pkg.file)))) {
      throw new Error(`The download of ${pkg.name} ${pkg.version} brought no file ${pkg.file}`);
    }
    await rename(join(partial, pkg.file), file);
    await rm(partial, { recursive: true, force: true });
  }

  onProgress?.("check", pkg.bytes, pkg.bytes);
  const got = await sha256File(file);
  if (got !== pkg.sha256) {
    await rm(file, { force: true });
    throw new Error(
      `Refused ${pkg.file}: its SHA-256 is ${got}, the catalog says ${pkg.sha256}. The file was removed; ` +
        `run the command again, and if it happens again, look at the package index that pip is configured to use`,
    );
  }

  const beside = `${folder}.partial`;
  await rm(beside, { recursive: true, force: true });
  await mkdir(beside, { recursive: true });
  const written = await unpackZip(file, beside, {
    members: pkg.members,
    maxBytes: pkg.unpackedBytes,
    onProgress: (bytes) => onProgress?.("unpack", bytes, pkg.unpackedBytes),
  });
  const bytes = Object.values(written).reduce((a, b) => a + b, 0);
  if (bytes !== pkg.unpackedBytes) {
    throw new Error(`Refused ${pkg.file}: its members have ${bytes} bytes, the catalog says ${pkg.unpackedBytes}`);
  }
  await writeFile(join(beside, STAMP), JSON.stringify({ sha256: pkg.sha256, files: written }));
  await rm(folder, { recursive: true, force: true });
  await rename(beside, folder);
  await rm(file, { force: true });
  return true;
}

/** Whether the folder holds this very package, with all of its wanted files in their sizes. */
export async function isComplete(pkg: CatalogPackage, folder: string): Promise<boolean> {
  try {
    const stamp: { sha256: string; files: Record<string, number> } = JSON.parse(
      await readFile(join(folder, STAMP), "utf8"),
    );
    if (stamp.sha256 !== pkg.sha256) return false;
    // another version of the catalog may have unpacked less of the same file
    if (Object.values(stamp.files).reduce((a, b) => a + b, 0) !== pkg.unpackedBytes) return false;
    const sizes = await Promise.all(
      Object.entries(stamp.files).map(async ([path, bytes]) => (await stat(join(folder, path))).size === bytes),
    );
    return sizes.every(Boolean);
  } catch {
    return false; // no stamp, an unreadable one, or a file of it is missing: fetch again
  }
}

/** SHA-256 of a file as hex, read in pieces. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest("hex");
}

/** The machine's own pip, so that the user's index, proxy and certificates are the ones used. */
async function pipDownload(pkg: CatalogPackage, folder: string): Promise<void> {
  const pip = await pipCommand();
  const args = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--no-input"];
  // pip collects in TMPDIR: here, so that progress can be told by size and an interruption leaves nothing elsewhere
  const { ok, text } = await run([...pip, ...args, "--dest", folder, `${pkg.name}==${pkg.version}`], {
    env: { TMPDIR: folder },
  });
  if (!ok) {
    throw new Error(
      `Cannot download ${pkg.name} ${pkg.version} (${(pkg.bytes / 1e6).toFixed(0)} MB) with the pip of ${pip[0]}: ` +
        `is there a network? pip said: ${text.split("\n").slice(-3).join(" / ")}`,
    );
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false);
}

async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries.filter((e) => e.isFile()).map((e) => stat(join(e.parentPath, e.name)).then((s) => s.size, () => 0)),
  );
  return sizes.reduce((sum, n) => sum + n, 0);
}
