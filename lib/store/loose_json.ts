/** JSON as Python and C++ write it: with NaN, Infinity or -nan(ind) for numbers that JSON lacks. */
import { shown } from "../check/check.ts";

/** A string, with at most so many escapes that a regular expression does not run out of stack. */
export const JSON_STRING = String.raw`"[^"\\]*(?:\\.[^"\\]*){0,10000}"`;

/**
 * The value of a text.
 *
 * @param odd What a number that JSON lacks becomes, by its word. Default: the word itself, so that whoever asks for a number
 * says what was there. Python's transformers 5 writes such numbers as objects, which count as well.
 * @throws {SyntaxError} As `JSON.parse`.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseLooseJson } from "./loose_json.ts";
 *
 * assert.deepEqual(parseLooseJson('{ "acc": NaN, "is": "NaN" }'), { acc: "NaN", is: "NaN" });
 * ```
 */
export function parseLooseJson(text: string, odd: (word: string) => unknown = (word) => word): unknown {
  const revive = (_: string, value: unknown) => {
    const word = (value as { [FLOAT]?: unknown } | null)?.[FLOAT];
    return typeof word === "string" ? odd(word) : value;
  };
  try {
    return JSON.parse(text, text.includes(FLOAT) ? revive : undefined);
  } catch (error) {
    const words = new RegExp(String.raw`${JSON_STRING}|-?\b(?:nan|inf(?:inity)?)\b(?:\(\w*\))?`, "gi");
    const loose = text.replaceAll(words, (found) => found.startsWith('"') ? found : `{"${FLOAT}":"${found}"}`);
    if (loose === text) throw error;
    try {
      return JSON.parse(loose, revive);
    } catch {
      throw error;
    }
  }
}

/** Key of the object that stands for such a number. */
const FLOAT = "__float__";

/** A field of such a file as a message shows it: short, and by words where it is missing. */
export function shownField(value: unknown): string {
  return value === undefined ? "nothing (it is missing)" : shown(value);
}
