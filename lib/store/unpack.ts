/**
 * Unpacks wanted members of a zip file (a wheel is one). The file is not trusted: a path that leaves the folder,
 * or more bytes than announced, ends it.
 */
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type FileEntry, Reader, ZipReader } from "@zip.js/zip.js";

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
  const written: Record<string, number> = {};
  let total = 0;
  await withEntries(zipFile, async (entries) => {
    for (const entry of entries) {
      const path = entry.filename;
      if (!members.some((m) => m === path || (m.endsWith("/") && path.startsWith(m)))) continue;
      await mkdir(dirname(join(folder, path)), { recursive: true });
      const output = await open(join(folder, path), "wx"); // a second member of the same name fails here
      try {
        written[path] = await copyEntry(zipFile, entry, output, { maxBytes, onProgress }, total);
        total += written[path];
      } finally {
        await output.close();
      }
    }
  });
  const missing = members.find((m) => !Object.keys(written).some((path) => path === m || path.startsWith(m)));
  if (missing) throw noMember(zipFile, missing);
  return written;
}

/**
 * Write one member behind what `output` has, checking its CRC.
 *
 * @returns Its bytes.
 * @throws {RangeError} If the member is larger than `maxBytes`.
 * @throws {Error} If it is missing or damaged.
 */
export async function unpackMember(
  zipFile: string,
  member: string,
  output: FileHandle,
  limit: Omit<UnpackOptions, "members">,
): Promise<number> {
  return await withEntries(zipFile, async (entries) => {
    const entry = entries.find(({ filename }) => filename === member);
    if (!entry) throw noMember(zipFile, member);
    return await copyEntry(zipFile, entry, output, limit);
  });
}

const noMember = (zipFile: string, member: string) => new Error(`Cannot unpack ${zipFile}: it has no member ${member}`);

/** Do something with the files of a zip, whose paths all stay within the folder that they are unpacked to. */
async function withEntries<T>(zipFile: string, work: (entries: FileEntry[]) => Promise<T>): Promise<T> {
  const input = await open(zipFile);
  try {
    const zip = new ZipReader(new FileReader(input), { useWebWorkers: false, checkSignature: true });
    // the library refuses "../x", "/x", "C:/x" and "a\\..\\x" before anything is written; here it gets its name
    const entries = await zip.getEntries({ filenameValidation: "strict" }).catch((error) => {
      if (!error.filename) throw new SyntaxError(`Cannot read ${zipFile} as a zip: ${error.message}`);
      throw new RangeError(`Cannot unpack ${zipFile}: the member path "${error.filename}" leaves the folder`);
    });
    const result = await work(entries.filter((entry) => !entry.directory));
    await zip.close();
    return result;
  } finally {
    await input.close();
  }
}

/** @param before Bytes that count already. */
async function copyEntry(
  zipFile: string,
  entry: FileEntry,
  output: FileHandle,
  { maxBytes, onProgress }: Omit<UnpackOptions, "members">,
  before = 0,
): Promise<number> {
  let written = 0, failure: unknown;
  const write = async (chunk: Uint8Array) => {
    if (before + written + chunk.length > maxBytes) {
      throw new RangeError(
        `Cannot unpack ${zipFile}: ${entry.filename} goes beyond the ${maxBytes} bytes that the catalog allows`,
      );
    }
    await output.writeFile(chunk);
    written += chunk.length;
    onProgress?.(before + written);
  };
  const sink = new WritableStream<Uint8Array>({
    write: (chunk) => write(chunk).catch((e) => Promise.reject(failure = e)),
  });
  // at a member's last chunk the library says only that the stream is closed
  await entry.getData(sink).catch((error) => Promise.reject(failure ?? error));
  return written;
}

/** Random access for the zip library, so that a large file is never in memory as a whole. */
class FileReader extends Reader<FileHandle> {
  #file: FileHandle;
  constructor(file: FileHandle) {
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
