/**
 * Long texts that every machine has alike: the sources of Python's standard library in the pinned package pyodide. What
 * Python a machine has decides nothing.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from "@zip.js/zip.js";
import { seededRandom } from "../stats/random.ts";
import { pyodideFolder } from "./pyodide_folder.ts";

/** A piece of a file. */
export interface LibraryText {
  /** Path in the library, and the line at which the piece begins: "argparse.py:211". */
  name: string;
  source: string;
  text: string;
  /** SHA-256 of the whole file, in hexadecimal. */
  fileSha256: string;
}

/** Tables that programs wrote: nobody's text, and easy to go on with. */
const TABLES = /^(encodings|pydoc_data)\/|^html\/entities\.py$/;

/**
 * One piece of each of several files, drawn from the library. It begins at a line drawn from the seed, not at the file's
 * head: else the place in the text were the place in the file, and imports are not predicted as loops are.
 *
 * More pieces are those of fewer, and others behind them.
 *
 * @param bytes Of a piece, which ends with a whole character.
 * @param limit Pieces; fewer where there are fewer files that are long enough.
 */
export async function libraryTexts(
  { bytes, limit, seed }: { bytes: number; limit: number; seed: number },
): Promise<LibraryText[]> {
  const random = seededRandom(seed);
  const files = random.shuffle((await librarySources()).filter((file) => file.bytes.length >= bytes));
  return files.slice(0, limit).map(({ path, bytes: all }) => {
    const starts = lineStarts(all, all.length - bytes);
    const line = random.integer(starts.length), piece = all.subarray(starts[line], starts[line] + bytes);
    return {
      name: `${path}:${line + 1}`,
      source: path,
      text: wholeCharacters(piece),
      fileSha256: createHash("sha256").update(all).digest("hex"),
    };
  });
}

async function librarySources(): Promise<{ path: string; bytes: Uint8Array }[]> {
  const zip = new ZipReader(new Uint8ArrayReader(await readFile(join(pyodideFolder(), "python_stdlib.zip"))), {
    useWebWorkers: false,
  });
  const files: { path: string; bytes: Uint8Array }[] = [];
  for (const entry of await zip.getEntries()) {
    if (entry.directory || !entry.filename.endsWith(".py") || TABLES.test(entry.filename)) continue;
    files.push({ path: entry.filename, bytes: await entry.getData(new Uint8ArrayWriter()) });
  }
  await zip.close();
  return files.sort((a, b) => a.path < b.path ? -1 : 1);
}

const NEWLINE = 10;

/** Bytes at which lines begin, up to the last that is allowed. */
function lineStarts(bytes: Uint8Array, last: number): number[] {
  const starts = [0];
  for (let at = bytes.indexOf(NEWLINE); at >= 0 && at < last; at = bytes.indexOf(NEWLINE, at + 1)) starts.push(at + 1);
  return starts;
}

/** Bytes as text, without a character that they cut at their end. */
export function wholeCharacters(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes, { stream: true });
}
