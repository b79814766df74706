/** JSON as Python and C++ write it: with NaN, Infinity or -nan(ind) for numbers that JSON lacks. */
import { shown } from "../check/check.ts";

/** A string, at most so long that a regular expression does not run out of stack. */
export const JSON_STRING = String.raw`"(?:[^"\\]|\\.){0,10000}"`;

/**
 * The value of a text; numbers that JSON lacks become text ("NaN"), so that whoever asks for a number says what was there.
 *
 * @throws {SyntaxError} As `JSON.parse`.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseLooseJson } from "./loose_json.ts";
 *
 * assert.deepEqual(parseLooseJson('{ "acc": NaN, "is": "NaN" }'), { acc: "NaN", is: "NaN" });
 * ```
 */
export function parseLooseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const odd = new RegExp(String.raw`${JSON_STRING}|-?\b(?:nan|inf(?:inity)?)\b(?:\(\w*\))?`, "gi");
    const loose = text.replaceAll(odd, (found) => found.startsWith('"') ? found : `"${found}"`);
    if (loose === text) throw error;
    try {
      return JSON.parse(loose);
    } catch {
      throw error;
    }
  }
}

/** A field of such a file as a message shows it: short, and by words where it is missing. */
export function shownField(value: unknown): string {
  return value === undefined ? "nothing (it is missing)" : shown(value);
}
