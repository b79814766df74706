/** Tokenizers of a cut vocabulary: the tokens that are left, numbered anew, and only the merges that make them. */
import type { Tokenizer, TokenizerFile } from "./tokenizer.ts";
import { isBpe } from "./tokenizer_json.ts";

/** The `model` of a tokenizer.json that merges. */
export interface Bpe {
  /** Absent in old files. */
  type?: string;
  vocab: Record<string, number>;
  merges: (string | [string, string])[];
  byte_fallback?: boolean;
  unk_token?: string | null;
  /** What a piece that does not start a word has in front, and loses where it is merged. */
  continuing_subword_prefix?: string | null;
}

/**
 * A BPE tokenizer that makes only some of its tokens: a text is still any text, in more of them.
 *
 * @param ids The ids that are left, in their new order.
 * @throws {TypeError} If it is no BPE.
 * @throws {RangeError} If a token that every text needs is not left: a single character or byte, or the end of text.
 */
export function cutTokenizer(file: TokenizerFile, ids: number[]): TokenizerFile {
  const model = bpeOf(file);
  const newIds = new Map(ids.map((id, i) => [id, i]));
  const added = (file.tokenizer.added_tokens ?? []) as { id: number; content: string }[];
  checkLeft(file, model, added, newIds);
  const vocab = Object.fromEntries(
    Object.entries(model.vocab).flatMap(([token, id]) => newIds.has(id) ? [[token, newIds.get(id)!]] : []),
  );
  const merges = model.merges.filter((merge) =>
    partsOfMerge(merge, model).every((token) => Object.hasOwn(vocab, token))
  );
  const renumbered = added.flatMap((token) => newIds.has(token.id) ? [{ ...token, id: newIds.get(token.id)! }] : []);
  // The library numbers added tokens itself, one behind the other, unless the vocabulary has them.
  for (const { content, id } of renumbered) vocab[content] = id;
  const unknown = model.unk_token ?? null;
  return {
    ...file,
    // Its post-processor names ids of before; special tokens are put in by others.
    tokenizer: {
      ...file.tokenizer,
      added_tokens: renumbered,
      post_processor: null,
      // An unknown token that is not left is an error with the first text that needs it: better none.
      model: { ...model, vocab, merges, unk_token: unknown !== null && Object.hasOwn(vocab, unknown) ? unknown : null },
    },
    bosId: file.bosId === null ? null : newIds.get(file.bosId) ?? null,
    eosId: file.eosId === null ? null : newIds.get(file.eosId)!,
    endIds: file.endIds.flatMap((id) => newIds.get(id) ?? []),
  };
}

/** @throws {TypeError} If a tokenizer is no BPE. */
export function bpeOf({ tokenizer }: TokenizerFile): Bpe {
  const model = tokenizer.model as Bpe;
  if (isBpe(model)) return model;
  const kind = model.type ?? "without merges";
  throw new TypeError(`Cannot cut a vocabulary of kind ${kind}: its tokens are not merged from others, as BPE's`);
}

/** The bytes tokenizer with its ids numbered anew; a byte that is not left is refused when a text has it. */
export function renumbered(tokenizer: Tokenizer, ids: number[]): Tokenizer {
  const newIds = new Map(ids.map((id, i) => [id, i]));
  const idOf = (id: number | null) => id === null ? null : newIds.get(id) ?? null;
  const leftOf = (text: string, ids: number[]) =>
    ids.map((id) => {
      const left = newIds.get(id);
      if (left !== undefined) return left;
      throw new RangeError(`Cannot encode ${JSON.stringify(text)}: byte ${id} is not in the cut vocabulary`);
    });
  return {
    encode: async (text) => leftOf(text, await tokenizer.encode(text)),
    encodeBatch: async (texts) => (await tokenizer.encodeBatch(texts)).map((ids, i) => leftOf(texts[i], ids)),
    async encodeEnds(text) {
      const { ids, ends } = await tokenizer.encodeEnds(text);
      return { ids: leftOf(text, ids), ends };
    },
    decode: (left, { after = [], ...options } = {}) =>
      tokenizer.decode(left.map((id) => ids[id]), { ...options, after: after.map((id) => ids[id]) }),
    bosId: idOf(tokenizer.bosId),
    eosId: idOf(tokenizer.eosId),
    endIds: tokenizer.endIds.flatMap((id) => newIds.get(id) ?? []),
    addsBos: tokenizer.addsBos,
  };
}

/**
 * The tokens without which there are texts that have no ids. With a fallback every text can be said in bytes, but what
 * stands for a space is no space when made of them; without, in single characters (byte-level BPE's are bytes).
 */
export function neededTokens(model: Bpe, added: { content: string }[]): [token: string, id: number][] {
  const special = new Set(added.map(({ content }) => content));
  const isNeeded = (token: string) =>
    model.byte_fallback ? /^<0x[0-9A-F]{2}>$|^\u2581$/.test(token) : [...token].length === 1;
  return Object.entries(model.vocab).filter(([token]) => isNeeded(token) && !special.has(token));
}

/** The two tokens of a merge, and what they become. */
export function partsOfMerge(merge: Bpe["merges"][number], model: Bpe): [left: string, right: string, merged: string] {
  const [left, right] = typeof merge === "string" ? merge.split(" ") : merge;
  return [left, right, left + right.slice(model.continuing_subword_prefix?.length ?? 0)];
}

function checkLeft(file: TokenizerFile, model: Bpe, added: { content: string }[], left: Map<number, number>): void {
  const { eosId, bosId, addsBos, endIds } = file;
  const end = endIds.some((id) => left.has(id)) ? null : endIds[0] ?? null;
  for (
    const [id, what] of [[eosId, "ends a text"], [end, "ends a text"], [
      addsBos ? bosId : null,
      "starts every text",
    ]] as const
  ) {
    if (id !== null && !left.has(id)) {
      throw new RangeError(`Cannot cut the vocabulary: token ${id} ${what} and would go; keep it in the list`);
    }
  }
  const gone = neededTokens(model, added).filter(([, id]) => !left.has(id));
  if (gone.length === 0) return;
  const [[token, id]] = gone;
  throw new RangeError(
    `Cannot cut the vocabulary: ${gone.length} single characters would go, ${
      JSON.stringify(token)
    } (${id}) the first; ` +
      `without them there are texts that have no ids`,
  );
}
