/** Text <-> token ids: GGUF tokenizers rebuilt from their metadata, and plain bytes for models without one. */
import { decodeBehind } from "./decode_behind.ts";
import { type NativeTokenizer, openNative } from "./native_tokenizer.ts";
import { cutsAtSpaces } from "./space_cuts.ts";
import { byteRuns } from "./byte_runs.ts";
import { byWords } from "./words.ts";

export interface DecodeOptions {
  /** Show special tokens too. Default false. */
  specialTokens?: boolean;
  /** Ids that stand before: what is given is their continuation, with the space that it may start with. Default none. */
  after?: number[];
}

export interface Tokenizer {
  encode(text: string): Promise<number[]>;
  /** The ids of many texts at once: faster than one call a text. */
  encodeBatch(texts: string[]): Promise<number[][]>;
  /** Text of the ids, alone or as it continues that of others. */
  decode(ids: number[], options?: DecodeOptions): Promise<string>;
  readonly bosId: number | null;
  readonly eosId: number | null;
  /** Whether the model was trained with BOS in front of every text; `encode` itself never adds it. */
  readonly addsBos: boolean;
  /** Whether a text may be cut before a space, see `cutsAtSpaces` in space_cuts.ts. Absent: no. */
  readonly cutsAtSpaces?: boolean;
  /** Whether ids end in single bytes, all of whose text may still change with what follows. Absent: never. */
  endsInBytes?(ids: number[]): boolean;
}

/** A tokenizer.json of the Hugging Face format, and the ids that it does not hold. */
export interface TokenizerFile {
  tokenizer: Record<string, unknown>;
  bosId: number | null;
  eosId: number | null;
  addsBos: boolean;
}

/** The regex of Llama 3 and of what follows it, but for how many digits stand together. */
function splitAt(digits: string) {
  const letters = "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
  const rest = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  return {
    type: "Sequence",
    pretokenizers: [
      { type: "Split", pattern: { Regex: `${letters}|${digits}|${rest}` }, behavior: "Isolated", invert: false },
      { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
    ],
  };
}

/** Pre-tokenizers by the name in `tokenizer.ggml.pre`; sources: llama.cpp, `llama-vocab.cpp`. */
const PRE_TOKENIZERS: Record<string, unknown> = {
  "llama-bpe": splitAt("\\p{N}{1,3}"),
  qwen2: splitAt("\\p{N}"),
  // Digits one by one, then GPT-2's regex, which the byte-level pre-tokenizer has built in.
  smollm: {
    type: "Sequence",
    pretokenizers: [
      { type: "Digits", individual_digits: true },
      { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    ],
  },
  "gpt-2": { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
};

/** Token types of GGUF that are matched whole in the text before anything else. */
const CONTROL = 3, USER_DEFINED = 4;

/**
 * Rebuild a byte-level BPE tokenizer from a GGUF's metadata.
 *
 * @throws {TypeError} If the tokenizer is of a kind that is not built yet.
 * @throws {SyntaxError} If a list is missing, or their lengths differ.
 */
export function tokenizerFromGguf(metadata: Record<string, unknown>, path: string): TokenizerFile {
  const model = metadata["tokenizer.ggml.model"], pre = metadata["tokenizer.ggml.pre"] ?? "gpt-2";
  if (model !== "gpt2" || typeof pre !== "string" || !(pre in PRE_TOKENIZERS)) {
    throw new TypeError(
      `Cannot rebuild the tokenizer of ${path}: model "${model}", pre-tokenizer "${pre}"; this version knows gpt2 with ` +
        `${
          Object.keys(PRE_TOKENIZERS).join(", ")
        }. Give the reference a tokenizer: a folder with tokenizer.json, or "bytes"`,
    );
  }
  const list = <T>(key: string, type: "string" | "number"): T[] => {
    const value = metadata[`tokenizer.ggml.${key}`];
    if (!Array.isArray(value) || value.some((v) => typeof v !== type)) {
      throw new SyntaxError(`Cannot rebuild the tokenizer of ${path}: tokenizer.ggml.${key} is not a list of ${type}s`);
    }
    return value as T[];
  };
  const tokens = list<string>("tokens", "string");
  const types = list<number>("token_type", "number");
  if (types.length !== tokens.length) {
    throw new SyntaxError(`Cannot read ${path}: ${tokens.length} tokens but ${types.length} token types`);
  }
  const added = tokens.flatMap((content, id) =>
    types[id] === CONTROL || types[id] === USER_DEFINED
      ? [{
        id,
        content,
        special: types[id] === CONTROL,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
      }]
      : []
  );
  const id = (key: string) => {
    const value = metadata[`tokenizer.ggml.${key}_token_id`];
    return typeof value === "number" ? value : null;
  };
  return {
    tokenizer: {
      version: "1.0",
      added_tokens: added,
      normalizer: null,
      pre_tokenizer: PRE_TOKENIZERS[pre],
      post_processor: null,
      decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        type: "BPE",
        vocab: Object.fromEntries(tokens.map((token, i) => [token, i])),
        merges: list<string>("merges", "string"),
        // Llama 3 takes a piece that is a token whole, whatever the merges say.
        ignore_merges: pre === "llama-bpe",
        fuse_unk: false,
        byte_fallback: false,
      },
    },
    bosId: id("bos"),
    eosId: id("eos"),
    addsBos: metadata["tokenizer.ggml.add_bos_token"] === true,
  };
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
    encode: async (text) => (await (await native()).encodeBatch([text]))[0],
    encodeBatch: async (texts) => await (await native()).encodeBatch(texts),
    async decode(ids, { specialTokens = false, after } = {}) {
      const { decode } = await native();
      return await decodeBehind((list) => decode(list, specialTokens), ids, after, known().endsInBytes);
    },
    endsInBytes: (ids) => known().endsInBytes(ids),
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
  const encode = (text: string) => [...new TextEncoder().encode(text)];
  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true }); // a byte order mark is text
  const decode = (ids: number[]) => utf8.decode(Uint8Array.from(ids.filter((id) => id < 256)));
  return {
    encode: (text) => Promise.resolve(encode(text)),
    encodeBatch: (texts) => Promise.resolve(texts.map(encode)),
    decode: (ids, { after } = {}) => decodeBehind((list) => Promise.resolve(decode(list)), ids, after),
    bosId: vocabSize > 256 ? 256 : null,
    eosId: vocabSize > 257 ? 257 : null,
    addsBos: false,
    cutsAtSpaces: true,
  };
}
