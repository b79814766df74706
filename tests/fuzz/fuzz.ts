/** Gives damaged files to a reader and counts how it answers. */
import { rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { seededRandom } from "../../lib/stats/random.ts";
import { mutate } from "./mutate.ts";
import type { FuzzedReader } from "./readers.ts";

export interface FuzzResult {
  files: number;
  /** Files that were read all the same: a changed weight is as good a number as any. */
  read: number;
  /** Errors of our own that name the file. */
  refused: number;
  /** What else was thrown, with the number of the file. */
  wrong: string[];
  slowestMs: number;
  /** Answers after more than a second, asked twice more. */
  slow: number;
}

const SLOW_MS = 1000;

/** Errors that say what is wrong with a file. */
const OURS = ["SyntaxError", "TypeError", "RangeError", "StoreError", "NotFound"];

/**
 * @param folder Of this reader alone.
 * @param first Number of the first file; the same number gives the same file.
 */
export async function fuzz(reader: FuzzedReader, folder: string, count: number, first = 0): Promise<FuzzResult> {
  const result: FuzzResult = { files: count, read: 0, refused: 0, wrong: [], slowestMs: 0, slow: 0 };
  const good = await reader.good(folder);
  for (let i = first; i < first + count; i++) {
    const path = join(folder, reader.file);
    await writeFile(path, mutate(good, seededRandom(i), reader.isText ?? false));
    for (const log of ["-wal", "-shm"]) await rm(path + log, { force: true }); // of a database
    const start = performance.now();
    try {
      await reader.read(path);
      result.read++;
    } catch (error) {
      const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
      if (OURS.includes(name) && [basename(path), dirname(path)].some((name) => message.includes(name))) {
        result.refused++;
      } else {result.wrong.push(
          `file ${i}: ${name}: ${message.slice(0, 200)} ${stack?.split("\n").slice(1, 4).join(" | ")}`,
        );}
    }
    let ms = performance.now() - start;
    for (let again = 0; ms > SLOW_MS && again < 2; again++) { // beside other work anything may take its time once
      const restart = performance.now();
      await reader.read(path).catch(() => {});
      ms = Math.min(ms, performance.now() - restart);
    }
    result.slowestMs = Math.max(result.slowestMs, ms);
    if (ms > SLOW_MS) result.slow++;
  }
  return result;
}
