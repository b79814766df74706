/** Text of a file, which must be UTF-8: a wrong byte is an error with its line, not a mark in a prompt. */

/**
 * Decode UTF-8; a byte order mark at the start is left out.
 *
 * @throws {SyntaxError} At the first line that is not UTF-8.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodeUtf8 } from "./utf8.ts";
 *
 * assert.throws(() => decodeUtf8(new Uint8Array([97, 10, 0xff]), "a.txt"), /a\.txt, line 2: it is not UTF-8/);
 * ```
 */
export function decodeUtf8(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  for (let line = 1, start = 0; start <= bytes.length; line++) {
    const end = bytes.indexOf(10, start), stop = end < 0 ? bytes.length : end;
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(start, stop));
    } catch {
      throw new SyntaxError(`Cannot read ${path}, line ${line}: it is not UTF-8; save the file as UTF-8`);
    }
    start = stop + 1;
  }
  throw new SyntaxError(`Cannot read ${path}: it is not UTF-8; save the file as UTF-8`);
}
