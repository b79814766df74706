/** Python's text methods where JavaScript's differ: lm-eval's prompts are made with these, its hashes see all of it. */

/** What `str.isspace` calls white space. JavaScript's `trim` also takes U+FEFF and leaves U+001C..1F and U+0085. */
const SPACE = "\\t\\n\\v\\f\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const OUTER_SPACE = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "g");
const SPACES = new RegExp(`[${SPACE}]+`);
const START_SPACE = new RegExp(`^[${SPACE}]+`);

/** Digraphs with a title form of their own: each of their three forms to that one. */
const TITLE = new Map(
  [["Ǆǅǆ", "ǅ"], ["Ǉǈǉ", "ǈ"], ["Ǌǋǌ", "ǋ"], ["Ǳǲǳ", "ǲ"]].flatMap(([forms, title]) =>
    [...forms].map((f) => [f, title])
  ),
);

/**
 * `str.strip()`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { strip } from "./python_text.ts";
 *
 * assert.equal(strip("\u0085 a b\u001f\n"), "a b");
 * assert.equal(strip("\ufeffa"), "\ufeffa"); // `trim` would take it
 * ```
 */
export function strip(text: string): string {
  return text.replace(OUTER_SPACE, "");
}

/** `str.lstrip()`. */
export function stripStart(text: string): string {
  return text.replace(START_SPACE, "");
}

/**
 * `str.capitalize()`: the first character in title case, all others in lower case.
 * Left out: Greek letters with iota subscript and Georgian, whose title forms differ from their capitals.
 */
export function capitalize(text: string): string {
  const [first = ""] = text;
  const upper = first.toUpperCase();
  const [head = ""] = upper; // "ß" becomes "SS" here and "Ss" in a title
  const title = TITLE.get(first) ?? head + upper.slice(head.length).toLowerCase();
  return title + text.toLowerCase().slice(first.toLowerCase().length); // of the whole: a final sigma looks back
}

/** `len(re.split(r"\s+", text))`: white space at the start or the end counts an empty word. */
export function wordCount(text: string): number {
  return text.split(SPACES).length;
}

/** Python's `len`: code points, not UTF-16 units. */
export function codePoints(text: string): number {
  let n = 0;
  for (const _ of text) n++;
  return n;
}

const encoder = new TextEncoder();

export function utf8Bytes(text: string): number {
  return encoder.encode(text).length;
}
