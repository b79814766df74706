/** Text <-> token ids: a tokenizer.json, and plain bytes for models without one. */
import { Tokenizer as HfTokenizer } from "@huggingface/tokenizers";
import { CUT_AT_SPACES } from "./gguf_pre_tokenizers.ts";
import { cutsAtSpaces } from "./space_cuts.ts";

export interface Tokenizer {
  encode(text: string): Promise<number[]>;
  /** The ids of many texts at once: faster than one call a text. */
  encodeBatch(texts: string[]): Promise<number[][]>;
  /** Text of the ids; special tokens are left out unless asked for. */
  decode(ids: number[], options?: { specialTokens?: boolean }): Promise<string>;
  readonly bosId: number | null;
  readonly eosId: number | null;
  /** Whether the model was trained with BOS in front of every text; `encode` itself never adds it. */
  readonly addsBos: boolean;
  /** Whether a text may be cut before a space, see `cutsAtSpaces` in space_cuts.ts. Absent: no. */
  readonly cutsAtSpaces?: boolean;
}

/** A tokenizer.json of the Hugging Face format, and the ids that it does not hold. */
export interface TokenizerFile {
  tokenizer: Record<string, unknown>;
  bosId: number | null;
  eosId: number | null;
  addsBos: boolean;
  /** What had to be assumed to build it: said once where it is opened. */
  warnings?: string[];
}

/**
 * A tokenizer whose file is read at first use: building the tables takes about 0.2 s, and timing never needs them.
 *
 * @param read Gives the file.
 */
export function openTokenizer(read: () => TokenizerFile): Tokenizer {
  let file: TokenizerFile | undefined, hf: HfTokenizer | undefined, cuts: boolean | undefined;
  const opened = () => file ??= read();
  const tables = () => hf ??= new HfTokenizer(opened().tokenizer, { clean_up_tokenization_spaces: false });
  const encode = (text: string) => tables().encode(text, { add_special_tokens: false }).ids;
  return {
    encode: (text) => Promise.resolve(encode(text)),
    encodeBatch: (texts) => Promise.resolve(texts.map(encode)),
    decode: (ids, options) =>
      Promise.resolve(ids.length ? tables().decode(ids, { skip_special_tokens: !options?.specialTokens }) : ""),
    get bosId() {
      return opened().bosId;
    },
    get eosId() {
      return opened().eosId;
    },
    get addsBos() {
      return opened().addsBos;
    },
    get cutsAtSpaces() {
      return cuts ??= cutsAtSpaces(opened().tokenizer, CUT_AT_SPACES);
    },
  };
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
  const encode = (text: string) => [...new TextEncoder().encode(text)];
  return {
    encode: (text) => Promise.resolve(encode(text)),
    encodeBatch: (texts) => Promise.resolve(texts.map(encode)),
    decode: (ids) => Promise.resolve(new TextDecoder().decode(Uint8Array.from(ids.filter((id) => id < 256)))),
    bosId: vocabSize > 256 ? 256 : null,
    eosId: vocabSize > 257 ? 257 : null,
    addsBos: false,
    cutsAtSpaces: true,
  };
}
