/** JSON objects from files that nobody vouches for, and that Python may have written. */
import { parseLooseJson } from "../store/loose_json.ts";
import { fileSize, readRange } from "./file_range.ts";

/** More than any index or configuration has. */
const LARGEST = 100_000_000;

/** The object that the bytes are the JSON of, or null. */
export function parseObject(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const value = parseLooseJson(text, pythonFloat);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : null;
  } catch {
    return null;
  }
}

/**
 * @throws {Deno.errors.NotFound} If there is no such file.
 * @throws {SyntaxError} If it is too large, or does not hold a JSON object.
 */
export async function readJsonObject(path: string): Promise<Record<string, unknown>> {
  const size = await fileSize(path);
  const value = size <= LARGEST ? parseObject(await readRange(path, 0, size)) : null;
  if (value) return value;
  throw new SyntaxError(`Cannot read ${path}: it is not a JSON object (${size} bytes)`);
}

/** Python's numbers, as it writes them. */
const PYTHON: Record<string, number> = { NaN, Infinity, "-Infinity": -Infinity };
const pythonFloat = (word: string) => PYTHON[word] ?? word;
