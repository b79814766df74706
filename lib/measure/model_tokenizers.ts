/** The tokenizers of models that are compared: told apart without opening them, and opened once where text is cut. */
import type { AnySource } from "../arch/foreign/resolved_graph.ts";
import { type ModelFacts, modelFacts } from "../arch/model_facts.ts";
import { resolveAny } from "../arch/resolve_any.ts";
import type { Tokenizer } from "../model/tokenizer.ts";
import { tokenizerOf } from "../model/tokenizer_files.ts";
import { tokenizerFingerprint } from "../model/tokenizer_fingerprint.ts";

export interface ModelTokenizer {
  /** SHA-256 of the tokenizer as built. */
  fingerprint(): Promise<string>;
  vocabSize: number;
  open(): Promise<Tokenizer>;
}

/**
 * The tokenizer of each model; null for one that has none of its own, e.g. an `ArchSpec` with seeded random weights,
 * unless its reference says `tokenizer: "bytes"`. Models that share all that a tokenizer is made of share one object.
 */
export async function modelTokenizers(
  models: Record<string, AnySource>,
): Promise<Record<string, ModelTokenizer | null>> {
  const known = new Map<string, ModelTokenizer>(), found: Record<string, ModelTokenizer | null> = {};
  for (const [name, ref] of Object.entries(models)) {
    const model = modelFacts(await resolveAny(ref));
    if (!model.tokenizerNamed) {
      found[name] = null;
      continue;
    }
    const { tokenizer, ends, vocabulary, vocabSize } = model;
    const parts = JSON.stringify([tokenizer, ends, vocabulary, vocabSize]);
    if (!known.has(parts)) known.set(parts, tokenizerOfModel(model));
    found[name] = known.get(parts)!;
  }
  return found;
}

function tokenizerOfModel(model: ModelFacts): ModelTokenizer {
  const { tokenizer, ends, vocabulary, vocabSize } = model;
  let fingerprint: Promise<string> | undefined, opened: Promise<Tokenizer> | undefined;
  return {
    fingerprint: () => fingerprint ??= tokenizerFingerprint(model),
    vocabSize,
    open: () => opened ??= tokenizerOf(tokenizer, vocabSize, vocabulary, ends),
  };
}
