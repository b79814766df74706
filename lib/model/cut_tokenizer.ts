/** Tokenizers of a cut vocabulary: the tokens that are left, numbered anew, and only the merges that make them. */
import type { Tokenizer, TokenizerFile } from "./tokenizer.ts";

interface Bpe {
  type: string;
  vocab: Record<string, number>;
  merges: (string | [string, string])[];
  byte_fallback?: boolean;
}

/**
 * A BPE tokenizer that makes only some of its tokens: a text is still any text, in more of them.
 *
 * @param ids The ids that are left, in their new order.
 * @throws {TypeError} If it is no BPE.
 * @throws {RangeError} If a token that every text needs is not left: a single character or byte, or the end of text.
 */
export function cutTokenizer(file: TokenizerFile, ids: number[]): TokenizerFile {
  const model = file.tokenizer.model as Bpe;
  if (model.type !== "BPE") {
    throw new TypeError(
      `Cannot cut a vocabulary of kind ${model.type}: its tokens are not merged from others, as BPE's`,
    );
  }
  const newIds = new Map(ids.map((id, i) => [id, i]));
  const added = (file.tokenizer.added_tokens ?? []) as { id: number; content: string }[];
  checkLeft(file, model, added, newIds);
  const vocab = Object.fromEntries(
    Object.entries(model.vocab).flatMap(([token, id]) => newIds.has(id) ? [[token, newIds.get(id)!]] : []),
  );
  const merges = model.merges.filter((merge) => {
    const [left, right] = typeof merge === "string" ? merge.split(" ") : merge;
    return [left, right, left + right].every((token) => Object.hasOwn(vocab, token));
  });
  const renumbered = added.flatMap((token) => newIds.has(token.id) ? [{ ...token, id: newIds.get(token.id)! }] : []);
  return {
    ...file,
    // Its post-processor names ids of before; special tokens are put in by others.
    tokenizer: {
      ...file.tokenizer,
      added_tokens: renumbered,
      post_processor: null,
      model: { ...model, vocab, merges },
    },
    bosId: file.bosId === null ? null : newIds.get(file.bosId) ?? null,
    eosId: file.eosId === null ? null : newIds.get(file.eosId)!,
    endIds: file.endIds.flatMap((id) => newIds.get(id) ?? []),
  };
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
    decode: (left, options) => tokenizer.decode(left.map((id) => ids[id]), options),
    bosId: idOf(tokenizer.bosId),
    eosId: idOf(tokenizer.eosId),
    endIds: tokenizer.endIds.flatMap((id) => newIds.get(id) ?? []),
    addsBos: tokenizer.addsBos,
  };
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
  const special = new Set(added.map(({ content }) => content));
  // With a fallback every text can be said in bytes; without, in single characters (byte-level BPE's are bytes).
  const isNeeded = (token: string) => model.byte_fallback ? /^<0x[0-9A-F]{2}>$/.test(token) : [...token].length === 1;
  const gone = Object.entries(model.vocab)
    .filter(([token, id]) => isNeeded(token) && !special.has(token) && !left.has(id));
  if (gone.length === 0) return;
  const [[token, id]] = gone;
  throw new RangeError(
    `Cannot cut the vocabulary: ${gone.length} single characters would go, ${
      JSON.stringify(token)
    } (${id}) the first; ` +
      `without them there are texts that have no ids`,
  );
}
