/** What a tokenizer is, read from its file without opening it. */
import type { EndsOrigin, TokenizerOrigin } from "../arch/origin.ts";
import { bytesOf, tokenizerReader } from "./tokenizer_files.ts";
import { isObject, vocabularyOf } from "./tokenizer_json.ts";

type Json = Record<string, unknown>;

export interface TokenizerFacts {
  /** "byte-level BPE", "BPE with byte fallback", "Unigram", "WordPiece", "bytes", ... */
  kind: string;
  /** Tokens, added ones included. */
  entries: number;
  /** Tokens with a part to play, as they are written: null where there is none. */
  bos: string | null;
  eos: string | null;
  /** All that end a text. */
  ends: string[];
  /** Whether texts begin with BOS. */
  addsBos: boolean;
}

/**
 * @throws {TypeError} If it is of a kind that is not known.
 * @throws {SyntaxError} If its file is damaged.
 */
export async function tokenizerFacts(
  origin: TokenizerOrigin,
  ends: EndsOrigin | null,
  vocabSize: number,
): Promise<TokenizerFacts> {
  if (origin === "bytes") {
    const { endIds, eosId } = await bytesOf(vocabSize, ends);
    const eos = eosId === null ? null : `id ${eosId}`;
    return { kind: "bytes", entries: vocabSize, bos: null, eos, ends: endIds.map((id) => `id ${id}`), addsBos: false };
  }
  const { tokenizer, bosId, eosId, endIds, addsBos } = (await tokenizerReader(origin, ends))();
  const names = namesOf(tokenizer), named = (id: number | null) => id === null ? null : names.get(id) ?? `id ${id}`;
  return {
    kind: kindOf(tokenizer),
    entries: names.size,
    bos: named(bosId),
    eos: named(eosId),
    ends: endIds.map((id) => named(id)!),
    addsBos,
  };
}

/** Added tokens stand where the vocabulary has another name for an id. */
function namesOf({ model, added_tokens }: Json): Map<number, string> {
  const names = new Map<number, string>();
  for (const [token, id] of vocabularyOf(model)) if (typeof id === "number") names.set(id, token);
  for (const added of Array.isArray(added_tokens) ? added_tokens : []) {
    if (isObject(added) && typeof added.id === "number") names.set(added.id, String(added.content));
  }
  return names;
}

function kindOf(tokenizer: Json): string {
  const model = isObject(tokenizer.model) ? tokenizer.model : {}, type = String(model.type ?? "BPE");
  if (model.byte_fallback === true) return `${type} with byte fallback`;
  return uses(tokenizer.pre_tokenizer, "ByteLevel") || uses(tokenizer.decoder, "ByteLevel")
    ? `byte-level ${type}`
    : type;
}

/** Whether a part, or one in its sequence, is of a type. */
function uses(part: unknown, type: string): boolean {
  if (!isObject(part)) return false;
  const inside = [part.pretokenizers, part.decoders].flatMap((list) => Array.isArray(list) ? list : []);
  return part.type === type || inside.some((inner) => uses(inner, type));
}
