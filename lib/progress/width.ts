/**
 * How many columns of a terminal a text takes, and cutting it to them. Own code and not a package: setup draws bars before
 * any package is there.
 */

/** Two columns each (East Asian Wide and Fullwidth of UAX 11, and emoji), by script and block: rather too many than too few. */
const WIDE = new RegExp(
  "[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Bopomofo}\\p{Script=Yi}" +
    "\\p{Script=Tangut}\\p{Script=Khitan_Small_Script}\\p{Script=Nushu}\\p{Emoji_Presentation}\\p{Extended_Pictographic}" +
    "\\p{Regional_Indicator}\\u231a-\\u231b\\u2329-\\u232a\\u2630-\\u2637\\u268a-\\u268f\\u2e80-\\u303e\\u3040-\\u4dff\\ufe10-\\ufe19\\ufe30-\\ufe6f" +
    "\\uff01-\\uff60\\uffe0-\\uffe6\\u{16fe0}-\\u{18dff}\\u{1aff0}-\\u{1b2ff}\\u{1d300}-\\u{1d37f}\\u{1f000}-\\u{1faff}\\u{20000}-\\u{3fffd}]",
  "u",
);
/** Controls, combining marks and formats take none. */
const NONE = /^[\p{Cc}\p{Cf}\p{Mn}\p{Me}]*$/u;
const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Columns of a text without escape sequences. */
export function textWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += columnsOf(segment);
  return width;
}

/** The text's beginning that fits into so many columns, its last one an ellipsis where something is cut off. */
export function fitText(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let fits = "", width = 0;
  for (const { segment } of graphemes.segment(text)) {
    width += columnsOf(segment);
    if (width > columns - 1) break;
    fits += segment;
  }
  return columns > 0 ? `${fits.trimEnd()}…` : "";
}

/** Text on one line of a terminal: no control character moves the cursor, and every break is a space. */
export function terminalText(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
}

function columnsOf(grapheme: string): number {
  return NONE.test(grapheme) ? 0 : WIDE.test(grapheme) ? 2 : 1;
}
