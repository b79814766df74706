/** The texts of a curve: chosen, cut at the same place for all models, and long enough to fill every bin. */
import { libraryTexts, wholeCharacters } from "../../eval/python_library.ts";
import { sha256 } from "../../eval/hashes.ts";
import type { TokenEnds } from "../../model/token_ends.ts";
import type { PlaceUnit } from "./places.ts";

/** A text, and what it stems from: texts of one source are not independent. */
export interface LongText {
  text: string;
  /** Default: the text itself is its source. */
  source?: string;
  /** As shown. Default: its number. */
  name?: string;
}

export interface ChosenText {
  name: string;
  source: string;
  text: string;
  /** SHA-256 of the file that it is a piece of; absent of texts that were passed. */
  fileSha256?: string;
}

/** A text that is left out, and why. */
export interface SkippedText {
  name: string;
  reason: string;
}

/** Texts of Python's library are cut to this many bytes a token: none of them has so many, so they are long enough. */
const BYTES_PER_TOKEN = 6;
const DEFAULT_LIMIT = 8;

export interface TextChoice {
  texts?: (string | LongText)[];
  limit?: number;
  seed?: number;
}

/** Those that were passed, or pieces of Python's library. */
export async function chooseTexts(
  { texts, limit, seed = 0 }: TextChoice,
  unit: PlaceUnit,
  length: number,
): Promise<{ texts: ChosenText[]; data: string }> {
  if (texts) {
    const given = texts.map((one) => typeof one === "string" ? { text: one } as LongText : one);
    const chosen = given.map(({ text, name, source }, i) => {
      const shown = name ?? `text ${i}`;
      return { name: shown, source: source ?? shown, text };
    }).slice(0, limit);
    return { texts: chosen, data: `${chosen.length} of ${texts.length} texts that were passed` };
  }
  const bytes = unit === "bytes" ? length : BYTES_PER_TOKEN * length;
  const chosen = await libraryTexts({ bytes, limit: limit ?? DEFAULT_LIMIT, seed });
  return {
    texts: chosen,
    data: `Python's standard library in npm pyodide (PSF licence), lines drawn from seed ${seed}`,
  };
}

/** A text up to its end, and its tokens for one tokenizer. */
export interface PlacedText extends TokenEnds {
  /** Bytes that are read. */
  bytes: number;
}

/** How a tokenizer reads a text up to the end; or why it cannot be read so far. */
export async function placeText(
  encodeEnds: (text: string) => Promise<TokenEnds>,
  { name, text }: ChosenText,
  unit: PlaceUnit,
  length: number,
): Promise<PlacedText | SkippedText> {
  const bytes = new TextEncoder().encode(text);
  if (unit === "bytes") {
    if (bytes.length < length) return { name, reason: `it has ${bytes.length} of ${length} bytes` };
    const cut = wholeCharacters(bytes.subarray(0, length));
    return { ...await encodeEnds(cut), bytes: new TextEncoder().encode(cut).length };
  }
  const { ids, ends } = await encodeEnds(text);
  if (ids.length < length) return { name, reason: `it has ${ids.length} of ${length} tokens` };
  return { ids: ids.slice(0, length), ends: ends.slice(0, length), bytes: ends[length - 1] };
}

/** SHA-256 of the first bytes of a text: of what was read. */
export function readSha256(text: string, bytes: number): string {
  return sha256(
    new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(text).subarray(0, bytes)),
  );
}
