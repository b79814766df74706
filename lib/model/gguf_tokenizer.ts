/** The tokenizer of a GGUF file as a tokenizer.json, by llama.cpp's rules (`src/llama-vocab.cpp`, v0.5.0). */
import { endsOfGguf } from "./end_of_text.ts";
import { type PreTokenizer, preTokenizerNamed, preTokenizerNames } from "./gguf_pre_tokenizers.ts";
import { fromMerges, fromScores, scoresAreEqual } from "./gguf_sentencepiece.ts";
import {
  addedTokens,
  mergesOf,
  type Strips,
  TokenizerKeys,
  TokenType,
  type Vocabulary,
  vocabularyOf,
} from "./gguf_vocabulary.ts";
import type { TokenizerFile } from "./tokenizer.ts";

interface Built {
  tokenizer: Record<string, unknown>;
  /** What holds where the file does not say. */
  addsBos: boolean | "always";
  bosId: number | null;
  eosId: number | null;
  warnings: string[];
}

/** By `tokenizer.ggml.model`. */
const KINDS = new Map<unknown, (keys: TokenizerKeys, vocabulary: Vocabulary) => Built>([
  ["llama", sentencePiece],
  ["gpt2", (keys, vocabulary) => bpe(keys, vocabulary, keys.text("pre") ?? "")],
  ["gemma4", (keys, vocabulary) => ({ ...bpe(keys, vocabulary, "gemma4"), bosId: null, eosId: null })],
]);
const FIX = 'give the reference a tokenizer: a folder with tokenizer.json, or "bytes"';

/**
 * Rebuild a tokenizer from a GGUF's metadata.
 *
 * @throws {TypeError} If the tokenizer, or how it splits texts, is of a kind that is not known.
 * @throws {SyntaxError} If a key is missing, of a wrong kind, or contradicts another.
 */
export function tokenizerFromGguf(metadata: Record<string, unknown>, path: string): TokenizerFile {
  const keys = new TokenizerKeys(metadata, path), model = keys.text("model");
  const build = KINDS.get(model);
  if (!build) unknown(keys, "model", model, [...KINDS.keys()].join(", "));
  const vocabulary = vocabularyOf(keys);
  const { tokenizer, warnings, ...otherwise } = build(keys, vocabulary);
  const addsBos = otherwise.addsBos === "always" || keys.flag("add_bos_token", otherwise.addsBos);
  const bosId = specialId(keys, vocabulary, "bos", otherwise.bosId, addsBos ? warnings : []);
  const eosId = specialId(keys, vocabulary, "eos", otherwise.eosId, warnings);
  if (addsBos && bosId === null) keys.fail("texts start with BOS, but it has no tokenizer.ggml.bos_token_id");
  return { tokenizer, bosId, eosId, endIds: endsOfGguf(metadata), addsBos, ...(warnings.length ? { warnings } : {}) };
}

/** SentencePiece's BPE, which has a score for each token. */
function sentencePiece(keys: TokenizerKeys, vocabulary: Vocabulary): Built {
  const tokenizer = fromScores(keys, vocabulary, stripsOf(keys));
  const warnings = scoresAreEqual(vocabulary, keys.numbers("scores"))
    ? [warning(keys, "all its tokenizer.ggml.scores are equal; tokens are joined in the order of their ids")]
    : [];
  return { tokenizer, addsBos: true, bosId: 1, eosId: 2, warnings };
}

/** BPE with merges, on bytes but for the few that are SentencePiece's. */
function bpe(keys: TokenizerKeys, vocabulary: Vocabulary, name: string): Built {
  const pre = preTokenizerNamed(name || "default") ?? unknown(keys, "pre", name, preTokenizerNames().join(", "));
  const strips = stripsOf(keys, pre);
  const warnings = name ? [] : [warning(
    keys,
    'it has no tokenizer.ggml.pre; texts are split as llama.cpp\'s "default" does, which is not how most models were ' +
      "trained, and wrong splits make wrong numbers",
  )];
  return {
    tokenizer: pre.json ? onBytes(keys, vocabulary, pre, strips) : fromMerges(keys, vocabulary, strips),
    addsBos: pre.addsBos ?? false,
    bosId: pre.noBos ? null : 11,
    eosId: 11,
    warnings,
  };
}

function onBytes(keys: TokenizerKeys, vocabulary: Vocabulary, pre: PreTokenizer, strips: Strips) {
  return {
    version: "1.0",
    added_tokens: addedTokens(vocabulary, strips),
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
  };
}

/** Which tokens take white space along: no key says so, and llama.cpp goes by the model's name. */
function stripsOf({ metadata }: TokenizerKeys, pre?: PreTokenizer): Strips {
  const phi3 = /phi-?3/i.test(String(metadata["general.name"] ?? ""));
  return {
    before: (token) => token === pre?.stripsBefore,
    after: (token) => phi3 && !["<unk>", "<s>", "<|endoftext|>"].includes(token),
  };
}

/** The id of a file, or else, with a warning, the one that llama.cpp takes. */
function specialId(
  keys: TokenizerKeys,
  { tokens, types }: Vocabulary,
  which: "bos" | "eos",
  otherwise: number | null,
  warnings: string[],
): number | null {
  const key = `${which}_token_id`, value = keys.get(key);
  const id = typeof value === "bigint" ? Number(value) : value;
  if (typeof id === "number" && id in tokens) return id;
  const taken = otherwise !== null && otherwise < tokens.length ? otherwise : null;
  if (value === undefined && (taken === null || types[taken] === TokenType.control)) return taken;
  const is = value === undefined ? "missing" : `${value}, none of its ${tokens.length} tokens`;
  const instead = taken === null ? "none" : `${taken}, ${JSON.stringify(tokens[taken])},`;
  warnings.push(warning(keys, `its tokenizer.ggml.${key} is ${is}; ${instead} is taken for ${which.toUpperCase()}`));
  return taken;
}

function warning({ path }: TokenizerKeys, about: string): string {
  return `Tokenizer of ${path}: ${about}; if that is not right, ${FIX}`;
}

function unknown({ path }: TokenizerKeys, key: string, value: string | undefined, known: string): never {
  throw new TypeError(
    `Cannot rebuild the tokenizer of ${path}: its tokenizer.ggml.${key} is ${
      JSON.stringify(value) ?? "missing"
    }; this ` +
      `version knows ${known}. Update the file, or ${FIX}`,
  );
}
