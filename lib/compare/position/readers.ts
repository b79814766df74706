/** How each model reads the texts, before any is opened: its tokenizer, its context, and what does not fit. */
import { modelFacts } from "../../arch/model_facts.ts";
import { resolveAny } from "../../arch/resolve_any.ts";
import type { ModelOptions, ModelRef } from "../../arch/model_ref.ts";
import { prefixToken } from "../../model/score_request.ts";
import type { TokenEnds } from "../../model/token_ends.ts";
import { tokenizerOf } from "../../model/tokenizer_files.ts";
import { tokenizerFingerprint } from "../../model/tokenizer_fingerprint.ts";
import type { PlaceUnit } from "./places.ts";
import { type ChosenText, type PlacedText, placeText, type SkippedText } from "./texts.ts";

export const CANNOT = "Cannot measure bits by place";

export interface ReadingModel {
  name: string;
  ref: ModelRef;
  /** Equal for models that read any text as the same tokens behind the same one. */
  tokenizer: string;
  encodeEnds(text: string): Promise<TokenEnds>;
  /** What stands before every text. */
  prefix: number;
  /** Tokens that it reads at most. */
  contextLength: number;
  /** Those that it was made for: its context before edits. */
  trainedTokens: number;
}

/** A text as each model reads it. */
export interface ReadText extends ChosenText {
  /** By the model's name. */
  placed: Record<string, PlacedText>;
}

export async function readerOf(name: string, ref: ModelRef, options: ModelOptions): Promise<ReadingModel> {
  const facts = modelFacts(await resolveAny(ref, options)), { contextLength } = facts;
  const tokenizer = await tokenizerOf(facts.tokenizer, facts.vocabSize, facts.vocabulary, facts.ends);
  return {
    name,
    ref,
    tokenizer: await tokenizerFingerprint(facts),
    encodeEnds: (text) => tokenizer.encodeEnds(text),
    prefix: prefixToken({ tokenizer, info: { name } }),
    contextLength,
    trainedTokens: await trainedTokens(ref, contextLength),
  };
}

/** An edit of the positions may say that a model has a longer context; it was trained on no more for that. */
async function trainedTokens(ref: ModelRef, contextLength: number): Promise<number> {
  if (typeof ref === "string" || !("ref" in ref) || !ref.edits?.length) return contextLength;
  const unedited = await resolveAny({ ...ref, edits: [] });
  return Math.min(contextLength, modelFacts(unedited).contextLength);
}

/**
 * What places are counted in.
 *
 * @throws {TypeError} If tokens are asked for and are not the same.
 */
export function unitOf(readers: ReadingModel[], asked?: PlaceUnit): PlaceUnit {
  const other = readers.find(({ tokenizer }) => tokenizer !== readers[0].tokenizer);
  if (asked === "tokens" && other) {
    throw new TypeError(
      `${CANNOT} in tokens: ${other.name} and ${
        readers[0].name
      } read a text as different tokens; leave unit out, and ` +
        "places are in bytes of the same text",
    );
  }
  return asked ?? (other ? "bytes" : "tokens");
}

/** The texts as every model reads them up to the end, and those that do not reach it. */
export async function readTexts(
  readers: ReadingModel[],
  chosen: ChosenText[],
  unit: PlaceUnit,
  length: number,
): Promise<{ texts: ReadText[]; skipped: SkippedText[] }> {
  const texts: ReadText[] = [], skipped: SkippedText[] = [];
  for (const text of chosen) {
    const byTokenizer = new Map<string, PlacedText | SkippedText>(), placed: Record<string, PlacedText> = {};
    for (const { name, tokenizer, encodeEnds } of readers) {
      let read = byTokenizer.get(tokenizer);
      if (!read) byTokenizer.set(tokenizer, read = await placeText(encodeEnds, text, unit, length));
      if ("ids" in read) placed[name] = read;
    }
    const short = [...byTokenizer.values()].find((read) => "reason" in read);
    if (short) skipped.push(short);
    else texts.push({ ...text, placed });
  }
  return { texts, skipped };
}

/**
 * Refuse texts that a model cannot read to their end.
 *
 * @throws {RangeError} With a length that all can read.
 */
export function requireFits(readers: ReadingModel[], texts: ReadText[], unit: PlaceUnit, length: number): void {
  for (const { name, contextLength } of readers) {
    const long = texts.filter(({ placed }) => placed[name].ids.length > contextLength);
    if (!long.length) continue;
    const fits = unit === "tokens"
      ? contextLength
      : Math.min(...long.map(({ placed }) => placed[name].ends[contextLength - 1]));
    const tokens = Math.max(...long.map(({ placed }) => placed[name].ids.length));
    throw new RangeError(
      `${CANNOT}: ${length} ${unit} are up to ${tokens} tokens of ${name}, more than its context of ${contextLength}; ` +
        `pass length: ${fits} or less`,
    );
  }
}

/** @throws {RangeError} If the texts come from fewer than two sources: they have no interval. */
export function requireSources(
  texts: { source: string }[],
  skipped: SkippedText[],
  unit: PlaceUnit,
  length: number,
): void {
  const sources = new Set(texts.map(({ source }) => source)).size;
  if (sources >= 2) return;
  const left = skipped.length
    ? `; left out: ${skipped.map(({ name, reason }) => `${name}, ${reason}`).join("; ")}`
    : "";
  throw new RangeError(
    `${CANNOT} with intervals: needs at least 2 texts of different sources that reach ${length} ${unit}, got ${sources}` +
      `${left}; pass more or longer texts, or a smaller length`,
  );
}
