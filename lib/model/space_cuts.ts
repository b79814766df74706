/** Tokenizers of which a text can be cut before a space, so that what two texts share at their start is encoded once. */

interface AddedToken {
  content?: unknown;
  lstrip?: unknown;
  rstrip?: unknown;
  single_word?: unknown;
}

/**
 * Whether encode(a + b) is encode(a) followed by encode(b) for every `a` that does not end with white space and every `b`
 * that starts with a space: byte-level BPE whose pre-tokenizer starts a piece at every space that follows another
 * character, with no token that holds or eats white space, and nothing that changes the text before but Unicode's
 * composition, to which a space is a border.
 *
 * @param tokenizer A tokenizer.json.
 * @param preTokenizers Those that are known to start a piece there.
 */
export function cutsAtSpaces(tokenizer: Record<string, unknown>, preTokenizers: unknown[]): boolean {
  const { model, normalizer, pre_tokenizer, added_tokens } = tokenizer;
  const added = (added_tokens ?? []) as AddedToken[];
  return (model as { type?: unknown }).type === "BPE" &&
    (normalizer == null || sameJson(normalizer, { type: "NFC" })) &&
    preTokenizers.some((known) => sameJson(known, pre_tokenizer)) &&
    added.every((t) => typeof t.content === "string" && !/\s/u.test(t.content)) &&
    !added.some((t) => t.lstrip || t.rstrip || t.single_word);
}

/** Whether two JSON values are equal; the order of keys does not matter. */
function sameJson(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) => sameJson((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}
