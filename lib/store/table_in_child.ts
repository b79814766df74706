/** Rows of Parquet and Arrow files of the user's own, decoded in a process that can be given up. */
import { inBoundedChild } from "./bounded_child.ts";

/** A sound file takes a few seconds for 100 MB; its rows as JavaScript objects take some ten times its bytes. */
const LIMIT_MS = 5000, LIMIT_MS_PER_MB = 500, LIMIT_BYTES = 1.5e9, LIMIT_BYTES_PER_BYTE = 30;

/**
 * All rows, columns in the file's order, as JSON Lines of the same rows would give them: whole numbers are numbers, also
 * those of 64 bits.
 *
 * @param limitMs Time for decoding, after which the file is given up.
 * @throws {SyntaxError} If it is not of that format, is damaged, or has text that is not UTF-8.
 */
export async function readInChild(
  format: "Parquet" | "Arrow IPC",
  file: Uint8Array,
  path: string,
  limitMs: number = LIMIT_MS + LIMIT_MS_PER_MB * file.length / 1e6,
): Promise<Record<string, unknown>[]> {
  const limits = { ms: limitMs, bytes: LIMIT_BYTES + LIMIT_BYTES_PER_BYTE * file.length };
  try {
    const lines = await inBoundedChild(new URL("./table_child.ts", import.meta.url), [format], file, "decoded", limits);
    return new TextDecoder().decode(lines).split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  } catch (error) {
    throw new SyntaxError(`Cannot read ${path} as ${format}: ${error instanceof Error ? error.message : error}`);
  }
}
