/** Wheels of a package index in the cache's `downloads`: brought by the machine's own pip, and checked. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { CatalogWheel } from "./catalog.ts";
import { pipCommand, run } from "./python.ts";

/** Puts the wheel into `folder`. */
export type Download = (wheel: CatalogWheel, folder: string) => Promise<void>;

export interface WheelOptions {
  /** The cache's folder; `downloads` is made in it. */
  root: string;
  /** Default: pip. */
  download?: Download;
  onProgress?: (step: "download" | "check", bytes: number, total: number) => void;
}

/** Where the wheel lies once it is downloaded; there only when whole. */
export function wheelFile(wheel: CatalogWheel, root: string): string {
  return join(root, "downloads", wheel.file);
}

/**
 * Make sure that the wheel is there and is the catalog's.
 *
 * @returns Its path; whoever has unpacked it removes it (`removeWheel`).
 * @throws {Error} If the download fails, or the file's SHA-256 is not the catalog's: then the file is removed.
 */
export async function fetchWheel(wheel: CatalogWheel, options: WheelOptions): Promise<string> {
  const { root, download = pipDownload, onProgress } = options;
  const file = wheelFile(wheel, root);
  if (await fileBytes(file) === null) {
    const partial = `${file}.partial`;
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    const timer = setInterval(
      () => void folderBytes(partial).then((n) => onProgress?.("download", Math.min(n, wheel.bytes), wheel.bytes)),
      250,
    );
    try {
      await download(wheel, partial);
    } finally {
      clearInterval(timer);
    }
    if (await fileBytes(join(partial, wheel.file)) === null) {
      throw new Error(`The download of ${wheel.name} ${wheel.version} brought no file ${wheel.file}`);
    }
    await rename(join(partial, wheel.file), file);
    await rm(partial, { recursive: true, force: true });
  }

  onProgress?.("check", wheel.bytes, wheel.bytes);
  const got = await sha256File(file);
  if (got !== wheel.sha256) {
    await rm(file, { force: true });
    throw new Error(
      `Refused ${wheel.file}: its SHA-256 is ${got}, the catalog says ${wheel.sha256}. The file was removed; ` +
        `run the command again, and if it happens again, look at the package index that pip is configured to use`,
    );
  }
  return file;
}

/** Remove the wheel, and what a download that was cut off has left of it. */
export async function removeWheel(wheel: CatalogWheel, root: string): Promise<void> {
  const file = wheelFile(wheel, root);
  await rm(file, { force: true });
  await rm(`${file}.partial`, { recursive: true, force: true });
}

/** SHA-256 of a file as hex, read in pieces. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest("hex");
}

/** The machine's own pip, so that the user's index, proxy and certificates are the ones used. */
async function pipDownload(wheel: CatalogWheel, folder: string): Promise<void> {
  const pip = await pipCommand();
  // pip's own cache would keep a second copy of what is unpacked here once and for all
  const args = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--no-cache-dir"];
  // pip collects in TMPDIR: here, so that progress can be told by size and an interruption leaves nothing elsewhere
  const { ok, text } = await run(
    [...pip, ...args, "--disable-pip-version-check", "--no-input", "--dest", folder, `${wheel.name}==${wheel.version}`],
    { env: { TMPDIR: folder } },
  );
  if (!ok) {
    throw new Error(
      `Cannot download ${wheel.name} ${wheel.version} (${(wheel.bytes / 1e6).toFixed(0)} MB) with the pip of ` +
        `${pip[0]}: is there a network? pip said: ${text.split("\n").slice(-3).join(" / ")}`,
    );
  }
}

/** The size of a file, or null where there is none. */
export async function fileBytes(path: string): Promise<number | null> {
  return await stat(path).then(({ size }) => size, () => null);
}

/** What the files in a folder add up to; 0 where there is none. */
export async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries.filter((e) => e.isFile()).map((e) => stat(join(e.parentPath, e.name)).then((s) => s.size, () => 0)),
  );
  return sizes.reduce((sum, n) => sum + n, 0);
}
