/** The tokenizer of a GGUF file as a tokenizer.json, by llama.cpp's rules (`src/llama-vocab.cpp`, v0.5.0). */
import { endsOfGguf } from "./end_of_text.ts";
import { type PreTokenizer, preTokenizerNamed, preTokenizerNames } from "./gguf_pre_tokenizers.ts";
import { sentencePiece, sentencePieceWithMerges } from "./gguf_sentencepiece.ts";
import { addedTokens, mergesOf, type Strips, TokenizerKeys, type Vocabulary, vocabularyOf } from "./gguf_vocabulary.ts";
import type { TokenizerFile } from "./tokenizer.ts";

interface Built {
  tokenizer: Record<string, unknown>;
  /** Whether texts start with BOS, and the ids, where the file does not say. */
  addsBos: boolean;
  bosId: number | null;
  eosId: number | null;
  warnings: string[];
}

/** By `tokenizer.ggml.model`. */
const KINDS = new Map<unknown, (keys: TokenizerKeys, vocabulary: Vocabulary) => Built>([
  ["llama", scored],
  ["gpt2", byteLevel],
  ["gemma4", (keys, vocabulary) => spaced(keys, vocabulary, { addsBos: true, bosId: null, eosId: null })],
]);
/** SentencePiece's kind of vocabulary in files of kind "gpt2", by `tokenizer.ggml.pre`: do texts start with BOS? */
const SPACED: Record<string, boolean> = { "gemma4": true, "granite-embed-multi-311m": true, "sarvam-moe": false };
const FIX = 'Give the reference a tokenizer: a folder with tokenizer.json, or "bytes"';

/**
 * Rebuild a tokenizer from a GGUF's metadata.
 *
 * @throws {TypeError} If the tokenizer, or how it splits texts, is of a kind that is not known.
 * @throws {SyntaxError} If a key is missing, of a wrong kind, or contradicts another.
 */
export function tokenizerFromGguf(metadata: Record<string, unknown>, path: string): TokenizerFile {
  const keys = new TokenizerKeys(metadata, path), model = keys.text("model");
  const kind = KINDS.get(model);
  if (!kind) {
    throw new TypeError(
      `Cannot rebuild the tokenizer of ${path}: its tokenizer.ggml.model is ${JSON.stringify(model) ?? "missing"}; ` +
        `this version knows ${[...KINDS.keys()].join(", ")}. ${FIX}`,
    );
  }
  const vocabulary = vocabularyOf(keys);
  const { tokenizer, warnings, ...otherwise } = kind(keys, vocabulary);
  // llama.cpp, too, puts BOS before Gemma 4's texts whatever the file says.
  const addsBos = model === "gemma4" || keys.get("pre") === "gemma4" || keys.flag("add_bos_token", otherwise.addsBos);
  const id = (which: "bos" | "eos", matters: boolean) =>
    specialId(keys, vocabulary, which, otherwise[`${which}Id`], matters ? warnings : []);
  const bosId = id("bos", addsBos), eosId = id("eos", true);
  if (addsBos && bosId === null) keys.fail("texts start with BOS, but it has no tokenizer.ggml.bos_token_id");
  return { tokenizer, bosId, eosId, endIds: endsOfGguf(metadata), addsBos, ...(warnings.length ? { warnings } : {}) };
}

/** SentencePiece BPE with a score for each token. */
function scored(keys: TokenizerKeys, vocabulary: Vocabulary): Built {
  const { json, equalScores } = sentencePiece(keys, vocabulary, stripsOf(keys));
  const warnings = equalScores
    ? [warning(keys, "all its tokenizer.ggml.scores are equal; tokens are merged in the order of their ids")]
    : [];
  return { tokenizer: json, addsBos: true, bosId: 1, eosId: 2, warnings };
}

/** The same vocabularies, with merges. */
function spaced(keys: TokenizerKeys, vocabulary: Vocabulary, otherwise: Omit<Built, "tokenizer" | "warnings">): Built {
  return { tokenizer: sentencePieceWithMerges(keys, vocabulary, stripsOf(keys)), warnings: [], ...otherwise };
}

/** BPE on bytes, after GPT-2. */
function byteLevel(keys: TokenizerKeys, vocabulary: Vocabulary): Built {
  const name = keys.text("pre") ?? "";
  if (Object.hasOwn(SPACED, name)) return spaced(keys, vocabulary, { addsBos: SPACED[name], bosId: 11, eosId: 11 });
  const pre = preTokenizerNamed(name || "default");
  if (!pre) {
    throw new TypeError(
      `Cannot rebuild the tokenizer of ${keys.path}: its tokenizer.ggml.pre is ${JSON.stringify(name)}; this version ` +
        `knows ${[...preTokenizerNames(), ...Object.keys(SPACED)].join(", ")}. ${FIX}`,
    );
  }
  return {
    tokenizer: {
      version: "1.0",
      added_tokens: addedTokens(vocabulary, stripsOf(keys, pre)),
      normalizer: pre.nfc ? { type: "NFC" } : null,
      pre_tokenizer: pre.json,
      post_processor: null,
      decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        type: "BPE",
        vocab: Object.fromEntries(vocabulary.ids),
        merges: mergesOf(keys, vocabulary),
        ignore_merges: pre.ignoreMerges ?? false,
        fuse_unk: false,
        byte_fallback: false,
      },
    },
    addsBos: pre.addsBos ?? false,
    bosId: pre.noBos ? null : 11,
    eosId: 11,
    warnings: name ? [] : [warning(
      keys,
      'it has no tokenizer.ggml.pre; its texts are split as llama.cpp\'s "default" splits them, which is how few models ' +
        "were trained, so every number may be wrong",
    )],
  };
}

/** Which tokens take white space along; no key says so, so llama.cpp goes by the model's name. */
function stripsOf({ metadata }: TokenizerKeys, pre?: PreTokenizer): Strips {
  const name = String(metadata["general.name"] ?? "").toLowerCase();
  const phi3 = name.includes("phi-3") || name.includes("phi3");
  return {
    before: (token) => token === pre?.stripsBefore,
    after: (token) => phi3 && !["<unk>", "<s>", "<|endoftext|>"].includes(token),
  };
}

/** An id of a file, or the one that llama.cpp takes where it has none that is in the vocabulary. */
function specialId(
  keys: TokenizerKeys,
  { tokens }: Vocabulary,
  which: "bos" | "eos",
  otherwise: number | null,
  warnings: string[],
): number | null {
  const key = `${which}_token_id`, value = keys.get(key);
  const id = typeof value === "bigint" ? Number(value) : value;
  if (typeof id === "number" && Number.isInteger(id) && id >= 0 && id < tokens.length) return id;
  const taken = otherwise !== null && otherwise < tokens.length ? otherwise : null;
  if (value !== undefined || taken !== null) {
    const is = value === undefined ? "missing" : `${value}, none of its ${tokens.length} tokens`;
    const instead = taken === null ? "none is" : `${taken}, ${JSON.stringify(tokens[taken])}, is`;
    warnings.push(warning(keys, `its tokenizer.ggml.${key} is ${is}; ${instead} taken for ${which.toUpperCase()}`));
  }
  return taken;
}

function warning({ path }: TokenizerKeys, about: string): string {
  return `Tokenizer of ${path}: ${about}. ${FIX}, if that is not right`;
}
