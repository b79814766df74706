/**
 * Text of ids as it continues the text of ids before them. Many decoders treat the start of a text in a way of their
 * own (SentencePiece's drop its first space), so a continuation decoded alone loses what stands at its start.
 */

/** What a decoder shows for bytes that are not yet a whole character. */
export const REPLACEMENT = "\ufffd";
/** Ids before that are decoded too. A start of a text ends with its first character that is shown. */
const TAIL = 8;

/**
 * What `ids` add to the text of `after`: the text of both without that of `after`. Of a character whose first bytes
 * are in `after`, all of it.
 *
 * @param decode Text of ids alone.
 * @param endsInBytes Whether ids end in a run of bytes that is decoded as one: it is not cut.
 */
export async function decodeBehind(
  decode: (ids: number[]) => Promise<string>,
  ids: number[],
  after: number[] = [],
  endsInBytes?: (ids: number[]) => boolean,
): Promise<string> {
  if (ids.length === 0) return "";
  for (let length = TAIL;; length *= 4) {
    const start = Math.max(0, after.length - length), tail = after.slice(start);
    if (start > 0 && endsInBytes?.(after.slice(Math.max(0, start - length), start))) continue;
    const [before, whole] = await Promise.all([decode(tail), decode([...tail, ...ids])]);
    if (before !== "" || start === 0) return whole.slice(sharedLength(before, whole));
  }
}

/** Characters that two texts share at their start; a surrogate pair is not cut. */
function sharedLength(a: string, b: string): number {
  if (b.startsWith(a)) return a.length;
  let n = 0;
  while (n < a.length && a[n] === b[n]) n++;
  return /[\ud800-\udbff]/.test(b[n - 1] ?? "") ? n - 1 : n;
}
