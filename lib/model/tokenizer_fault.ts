/** Which field of a tokenizer.json the library cannot read: its own message names none. */

type Json = Record<string, unknown>;

/** Parts that stand for themselves, and the list inside that holds parts of the same kind. */
const PARTS: Record<string, string | null> = {
  normalizer: "normalizers",
  pre_tokenizer: "pretokenizers",
  post_processor: "processors",
  decoder: "decoders",
  added_tokens: null,
  truncation: null,
  padding: null,
};
/** Added tokens of which single ones are tried; a file has thousands at most. */
const MOST = 10_000;
const EMPTY_MODEL = { type: "BPE", vocab: {}, merges: [] };

/**
 * The field at fault in words: each part is tried beside an empty model, then each member of its list.
 *
 * @param parse Throws for JSON that the library cannot read.
 */
export function faultyPart(tokenizer: Json, parse: (json: string) => unknown): string {
  const reads = (part: string, value: unknown) => {
    try {
      parse(JSON.stringify({ model: EMPTY_MODEL, [part]: value }));
      return true;
    } catch {
      return false;
    }
  };
  for (const [part, list] of Object.entries(PARTS)) {
    const value = tokenizer[part];
    if (value === null || value === undefined || reads(part, value)) continue;
    const members = list ? (value as Json)[list] : value;
    const inside = Array.isArray(members) ? members.slice(0, MOST) : [];
    const at = inside.findIndex((member) => !reads(part, list ? member : [member]));
    return at < 0 ? described(part, value) : described(`${part}${list ? `.${list}` : ""}[${at}]`, inside[at]);
  }
  return described("model", tokenizer.model);
}

function described(field: string, value: unknown): string {
  const { type } = (value ?? {}) as Json;
  const what = typeof type === "string" ? ` (type ${JSON.stringify(type.slice(0, 40))})` : "";
  return `its ${field}${what} is unknown, incomplete or does not fit the rest`;
}
