/**
 * Unpacks wanted members of a zip file (a wheel is one). The file is not trusted: a path that leaves the folder,
 * or more bytes than announced, ends it.
 */
import { mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Reader, ZipReader } from "@zip.js/zip.js";

export interface UnpackOptions {
  /** File paths to unpack, and folders that end in "/". */
  members: string[];
  /** Most bytes that the members may add up to. */
  maxBytes: number;
  onProgress?: (bytes: number) => void;
}

/**
 * Unpack the wanted members of `zipFile` below `folder`, checking each member's CRC.
 *
 * @returns Bytes of each written file, by its path in the zip.
 * @throws {RangeError} If any path in the zip leaves the folder, or the members are larger than `maxBytes`.
 * @throws {Error} If a member is missing or damaged.
 */
export async function unpackZip(
  zipFile: string,
  folder: string,
  options: UnpackOptions,
): Promise<Record<string, number>> {
  const { members, maxBytes, onProgress } = options;
  const input = await open(zipFile);
  const written: Record<string, number> = {};
  let total = 0;
  try {
    const zip = new ZipReader(new FileReader(input), { useWebWorkers: false, checkSignature: true });
    // the library refuses "../x", "/x", "C:/x" and "a\\..\\x" before anything is written; here it gets its name
    const entries = await zip.getEntries({ filenameValidation: "strict" }).catch((error) => {
      if (!error.filename) throw new SyntaxError(`Cannot read ${zipFile} as a zip: ${error.message}`);
      throw new RangeError(`Cannot unpack ${zipFile}: the member path "${error.filename}" leaves the folder`);
    });
    for (const entry of entries) {
      const path = entry.filename;
      if (entry.directory || !members.some((m) => m === path || (m.endsWith("/") && path.startsWith(m)))) continue;
      await mkdir(dirname(join(folder, path)), { recursive: true });
      const output = await open(join(folder, path), "wx"); // a second member of the same name fails here
      try {
        written[path] = 0;
        await entry.getData(
          new WritableStream<Uint8Array>({
            async write(chunk) {
              total += chunk.length;
              if (total > maxBytes) {
                throw new RangeError(
                  `Cannot unpack ${zipFile}: ${path} goes beyond the ${maxBytes} bytes that the catalog allows`,
                );
              }
              await output.writeFile(chunk);
              written[path] += chunk.length;
              onProgress?.(total);
            },
          }),
        );
      } finally {
        await output.close();
      }
    }
    await zip.close();
  } finally {
    await input.close();
  }
  const missing = members.find((m) => !Object.keys(written).some((path) => path === m || path.startsWith(m)));
  if (missing) throw new Error(`Cannot unpack ${zipFile}: it has no member ${missing}`);
  return written;
}

/** Random access for the zip library, so that a large file is never in memory as a whole. */
class FileReader extends Reader<Awaited<ReturnType<typeof open>>> {
  #file: Awaited<ReturnType<typeof open>>;
  constructor(file: Awaited<ReturnType<typeof open>>) {
    super(file);
    this.#file = file;
  }
  override async init(): Promise<void> {
    await super.init?.();
    this.size = (await this.#file.stat()).size;
  }
  override async readUint8Array(index: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.size - index)));
    for (let done = 0; done < bytes.length;) {
      const { bytesRead } = await this.#file.read(bytes, done, bytes.length - done, index + done);
      if (!bytesRead) throw new Error(`The file ends at byte ${index + done} of ${this.size}`);
      done += bytesRead;
    }
    return bytes;
  }
}
