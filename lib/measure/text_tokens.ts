/** How much text a token of each model stands for, counted where models of different tokenizers are compared. */
import { progress } from "../progress.ts";
import type { ModelTokenizer } from "./model_tokenizers.ts";
import type { TextSample } from "./text_sample.ts";

/** One model's tokens of the sample. */
export interface ModelTokens {
  /** SHA-256 of its tokenizer as built. */
  tokenizer: string;
  vocabSize: number;
  /** Of each text, without BOS. */
  tokens: number[];
}

/** The sample and every model's tokens of it, from which bytes a token follow. */
export interface TextTokens {
  /** Where the texts came from. */
  data: string;
  /** Of the texts, in order. */
  sha256: string;
  /** UTF-8 bytes of each text, and what it stems from. */
  bytes: number[];
  sources: string[];
  /** Null for a model without a tokenizer of its own: its tokens stand for no text. */
  models: Record<string, ModelTokens | null>;
}

/** Whether some two of the models may read a text as different tokens. */
export async function tokenizersDiffer(tokenizers: Record<string, ModelTokenizer | null>): Promise<boolean> {
  const own = new Set(Object.values(tokenizers).filter((t) => t !== null));
  if (own.size < 2) return false; // all is the same that they are made of
  const prints = new Set<string>();
  for (const [name, tokenizer] of Object.entries(tokenizers)) {
    if (tokenizer) prints.add(await named(name, () => tokenizer.fingerprint()));
  }
  return prints.size > 1;
}

/**
 * Each model's tokens of the sample, where they differ: null where all models that have a tokenizer cut each text into
 * as many tokens, so that tokens a second compare them as they are.
 *
 * @param sample Read only if fingerprints differ.
 * @throws {TypeError} If a tokenizer that is needed cannot be opened.
 */
export async function textTokens(
  tokenizers: Record<string, ModelTokenizer | null>,
  sample: () => Promise<TextSample>,
): Promise<TextTokens | null> {
  if (!await tokenizersDiffer(tokenizers)) return null;
  const { texts, sources, data, sha256 } = await sample();
  const models: Record<string, ModelTokens | null> = {}, counted = new Map<string, number[]>();
  const entries = Object.entries(tokenizers), bar = progress("Bytes a token", entries.length);
  try {
    for (const [i, [name, tokenizer]] of entries.entries()) {
      bar.update(i, name); // a large vocabulary takes seconds to open
      models[name] = tokenizer && await tokensOf(name, tokenizer, texts, counted);
    }
  } finally {
    bar.finish();
  }
  if (new Set([...counted.values()].map(String)).size < 2) return null;
  const utf8 = new TextEncoder();
  return { data, sha256, bytes: texts.map((text) => utf8.encode(text).length), sources, models };
}

/** @param counted Tokens of each text by tokenizer: each is asked once. */
async function tokensOf(
  name: string,
  tokenizer: ModelTokenizer,
  texts: string[],
  counted: Map<string, number[]>,
): Promise<ModelTokens> {
  const fingerprint = await tokenizer.fingerprint();
  if (!counted.has(fingerprint)) {
    const ids = await named(name, async () => (await tokenizer.open()).encodeBatch(texts));
    counted.set(fingerprint, ids.map((list) => list.length));
  }
  return { tokenizer: fingerprint, vocabSize: tokenizer.vocabSize, tokens: counted.get(fingerprint)! };
}

/** An error of a model's tokenizer, with what it was needed for. */
async function named<T>(model: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new TypeError(
      `Cannot compare the speed of "${model}" with that of models with another tokenizer: speeds in tokens do not ` +
        `compare, and for bytes of the same text its tokenizer is needed (${(error as Error).message})`,
      { cause: error },
    );
  }
}
