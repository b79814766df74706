/**
 * Runs of single bytes, of which SentencePiece's byte fallback makes characters. The Rust library shows a run that is
 * no UTF-8 as replacement characters, all of it, so that one more byte changes the text of those before it.
 */
import { isObject, largestId, vocabularyOf } from "./tokenizer_json.ts";

type Json = Record<string, unknown>;

/** Tells of a tokenizer.json's ids whether they end in such a run. */
export function byteRuns(tokenizer: Json): (ids: number[]) => boolean {
  if (!JSON.stringify(tokenizer.decoder ?? null).includes('"ByteFallback"')) return () => false;
  const bytes = new Set<unknown>(), silent = new Set<unknown>(), largest = largestId(tokenizer);
  for (const [token, id] of vocabularyOf(tokenizer.model)) {
    if (token.length === 6 && /^<0x[0-9a-f]{2}>$/i.test(token)) bytes.add(id);
  }
  const added = Array.isArray(tokenizer.added_tokens) ? tokenizer.added_tokens : [];
  for (const token of added) if (isObject(token) && token.special) silent.add(token.id);
  return (ids) => {
    // What is not shown (special tokens, ids without a token) does not end a run.
    const last = ids.findLast((id) => !silent.has(id) && id <= largest);
    return bytes.has(last);
  };
}
