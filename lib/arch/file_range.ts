/** Parts of files that are too large to be read whole. */

/**
 * Bytes of a file.
 *
 * @throws {Deno.errors.NotFound} If there is no such file.
 * @throws {TypeError} If it is no file.
 */
export async function fileSize(path: string): Promise<number> {
  const info = await stat(path);
  if (!info) throw new Deno.errors.NotFound(`Cannot open ${path}: there is no such file`);
  if (!info.isFile) throw new TypeError(`Cannot open ${path}: it is not a file`);
  return info.size;
}

/** What a path is, or null where there is nothing. */
export async function stat(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** @throws {SyntaxError} If the file ends before the range does. */
export async function readRange(path: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  using file = await Deno.open(path);
  await file.seek(offset, Deno.SeekMode.Start);
  for (let at = 0; at < length;) {
    const n = await file.read(bytes.subarray(at));
    if (n === null) throw new SyntaxError(`Cannot read ${path}: it ends at byte ${offset + at}`);
    at += n;
  }
  return bytes;
}

/** Tells files from all others without reading them: path, size and time of change of each. */
export async function filesIdentity(paths: string[]): Promise<string> {
  const parts = [];
  for (const path of paths) {
    const size = await fileSize(path);
    parts.push(`${path}|${size}|${(await Deno.stat(path)).mtime?.getTime()}`);
  }
  return parts.join("|");
}
