/** Where tokens end in a text, in bytes: the common measure of places between tokenizers. */

/** A text as its tokens, and how far into its UTF-8 bytes each reaches. */
export interface TokenEnds {
  ids: number[];
  /**
   * Never falling. Tokens that share a character end where it ends, since a text has no place inside one; so does a space
   * that the tokenizer adds, with the character behind it.
   */
  ends: number[];
}

/**
 * Ends in bytes from ends in characters (code points), as the Rust library counts them.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { byteEnds } from "./token_ends.ts";
 *
 * assert.deepEqual(byteEnds("aé😀b", [1, 3, 3, 4]), [1, 7, 7, 8]);
 * ```
 */
export function byteEnds(text: string, charEnds: readonly number[]): number[] {
  const bytesBefore = [0];
  for (const char of text) bytesBefore.push(bytesBefore.at(-1)! + utf8Length(char.codePointAt(0)!));
  let end = 0;
  return charEnds.map((chars) => end = Math.max(end, bytesBefore[Math.min(chars, bytesBefore.length - 1)]));
}

/** A lone surrogate is encoded as U+FFFD: three bytes too. */
function utf8Length(codePoint: number): number {
  return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
}
