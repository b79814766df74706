/** Text <-> token ids: a tokenizer.json, and plain bytes for models without one. */
import { object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { flag, integer, list, text as TEXT } from "../check/rules.ts";
import { decodeBehind } from "./decode_behind.ts";
import { type NativeTokenizer, openNative } from "./native_tokenizer.ts";
import { cutsAtSpaces } from "./space_cuts.ts";
import type { TokenEnds } from "./token_ends.ts";
import { byteRuns } from "./byte_runs.ts";
import { byWords } from "./words.ts";

export interface DecodeOptions {
  /** Show special tokens too. Default false. */
  specialTokens?: boolean;
  /** Ids that stand before: what is given is their continuation, with the space that it may start with. Default none. */
  after?: number[];
}

const TEXTS = list(TEXT);
const IDS = list(integer({ min: 0, max: 2 ** 32 - 1 }));
export const DECODE_OPTIONS = object<DecodeOptions>({ specialTokens: optional(flag), after: optional(IDS) });

function checkDecode(ids: number[], options: DecodeOptions): void {
  checkArgument("Cannot decode", "ids", ids, IDS);
  checkOptions("Cannot decode", options, DECODE_OPTIONS);
}

export interface Tokenizer {
  encode(text: string): Promise<number[]>;
  /** The ids of many texts at once: faster than one call a text. */
  encodeBatch(texts: string[]): Promise<number[][]>;
  /** The ids of a text, and the byte of it at which each ends. */
  encodeEnds(text: string): Promise<TokenEnds>;
  /** Text of the ids, alone or as it continues that of others. */
  decode(ids: number[], options?: DecodeOptions): Promise<string>;
  readonly bosId: number | null;
  readonly eosId: number | null;
  /** Every id that ends a text; `eosId` is mostly one of them, but where the model's files name others it need not be. */
  readonly endIds: readonly number[];
  /** Whether the model was trained with BOS in front of every text; `encode` itself never adds it. */
  readonly addsBos: boolean;
  /** Whether a text may be cut before a space, see `cutsAtSpaces` in space_cuts.ts. Absent: no. */
  readonly cutsAtSpaces?: boolean;
  /** Whether ids end in single bytes, all of whose text may still change with what follows. Absent: never. */
  endsInBytes?(ids: number[]): boolean;
}

/** The ids that end a model's texts, of those that its vocabulary has. */
export function endIdsOf(model: { tokenizer: Tokenizer; info: { vocabSize: number } }): number[] {
  return model.tokenizer.endIds.filter((id) => id < model.info.vocabSize);
}

/** A tokenizer.json of the Hugging Face format, and the ids that it does not hold. */
export interface TokenizerFile {
  tokenizer: Record<string, unknown>;
  bosId: number | null;
  eosId: number | null;
  /** Ids that end a text as the files beside it say; empty where they say nothing. */
  endIds: readonly number[];
  addsBos: boolean;
  /** What had to be assumed to build it: said once where it is opened. */
  warnings?: string[];
}

/**
 * A tokenizer whose file is read at first use: building the tables takes about 0.2 s, and timing never needs them.
 *
 * @param read Gives the file.
 * @param name As errors call it.
 */
export function openTokenizer(read: () => TokenizerFile, name = "in memory"): Tokenizer {
  let file: TokenizerFile | undefined, traits: Traits | undefined, opening: Promise<NativeTokenizer> | undefined;
  const opened = () => file ??= read();
  const known = () => traits ??= traitsOf(opened().tokenizer);
  const open = async () => {
    const native = await openNative(JSON.stringify(opened().tokenizer), name);
    const { encodeBatch } = known().cutsAtSpaces ? { encodeBatch: byWords(native.encodeBatch) } : native;
    file = { ...opened(), tokenizer: {} }; // the library has it now, and a large one takes hundreds of MB
    return { ...native, encodeBatch };
  };
  const native = () => opening ??= open();
  return {
    async encode(text) {
      checkArgument("Cannot encode", "text", text, TEXT);
      return (await (await native()).encodeBatch([text]))[0];
    },
    async encodeBatch(texts) {
      checkArgument("Cannot encode", "texts", texts, TEXTS);
      return await (await native()).encodeBatch(texts);
    },
    async encodeEnds(text) {
      checkArgument("Cannot encode", "text", text, TEXT);
      return await (await native()).encodeEnds(text);
    },
    async decode(ids, options = {}) {
      checkDecode(ids, options);
      const { specialTokens = false, after } = options, { decode } = await native();
      return await decodeBehind((list) => decode(list, specialTokens), ids, after, known().endsInBytes);
    },
    endsInBytes: (ids) => known().endsInBytes(ids),
    get bosId() {
      return opened().bosId;
    },
    get eosId() {
      return opened().eosId;
    },
    get endIds() {
      return opened().endIds;
    },
    get addsBos() {
      return opened().addsBos;
    },
    get cutsAtSpaces() {
      return known().cutsAtSpaces;
    },
  };
}

/** What is known of a tokenizer without its tables. */
interface Traits {
  cutsAtSpaces: boolean;
  endsInBytes(ids: number[]): boolean;
}

function traitsOf(tokenizer: Record<string, unknown>): Traits {
  return { cutsAtSpaces: cutsAtSpaces(tokenizer), endsInBytes: byteRuns(tokenizer) };
}

/** A prompt's ids: BOS in front where the model was trained with it and the text does not bring it. */
export async function encodePrompt(tokenizer: Tokenizer, text: string): Promise<number[]> {
  return withBos(tokenizer, await tokenizer.encode(text));
}

/** A text's ids as a prompt's. */
export function withBos({ bosId, addsBos }: Tokenizer, ids: number[]): number[] {
  return addsBos && bosId !== null && ids[0] !== bosId ? [bosId, ...ids] : ids;
}

/**
 * UTF-8 bytes as ids 0..255, then BOS 256 and EOS 257: for models without a tokenizer. A model with fewer than 258
 * ids has no BOS or EOS.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { byteTokenizer } from "./tokenizer.ts";
 *
 * assert.deepEqual(await byteTokenizer(258).encode("é"), [0xc3, 0xa9]);
 * ```
 */
export function byteTokenizer(vocabSize: number): Tokenizer {
  const bytes = (text: string) => [...new TextEncoder().encode(text)];
  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true }); // a byte order mark is text
  const decode = (ids: number[]) => utf8.decode(Uint8Array.from(ids.filter((id) => id < 256)));
  return {
    // deno-lint-ignore require-await -- so that a check rejects
    async encode(text) {
      checkArgument("Cannot encode", "text", text, TEXT);
      return bytes(text);
    },
    // deno-lint-ignore require-await
    async encodeBatch(texts) {
      checkArgument("Cannot encode", "texts", texts, TEXTS);
      return texts.map(bytes);
    },
    // deno-lint-ignore require-await
    async encodeEnds(text) {
      checkArgument("Cannot encode", "text", text, TEXT);
      const ids = bytes(text);
      return { ids, ends: ids.map((_, i) => i + 1) };
    },
    async decode(ids, options = {}) {
      checkDecode(ids, options);
      return await decodeBehind((list) => Promise.resolve(decode(list)), ids, options.after);
    },
    bosId: vocabSize > 256 ? 256 : null,
    eosId: vocabSize > 257 ? 257 : null,
    endIds: vocabSize > 257 ? [257] : [],
    addsBos: false,
    cutsAtSpaces: true,
  };
}
