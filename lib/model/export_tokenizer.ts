/** A model's tokenizer as the files of the Hugging Face format. */
import type { EndsOrigin } from "../arch/origin.ts";
import type { ResolvedModel } from "../arch/resolved.ts";
import { cutTokenizer } from "./cut_tokenizer.ts";
import type { TokenizerFile } from "./tokenizer.ts";
import { bytesOf, tokenizerReader } from "./tokenizer_files.ts";

export interface ExportedTokenizer {
  bosId: number | null;
  eosId: number | null;
  endIds: readonly number[];
  /** Content by name of file. */
  files: { "tokenizer.json": Record<string, unknown>; "tokenizer_config.json": Record<string, unknown> };
}

export async function exportedTokenizer(
  { tokenizer, spec, vocabulary, ends }: ResolvedModel,
): Promise<ExportedTokenizer> {
  const file = tokenizer === "bytes"
    ? await bytesAsBpe(vocabulary ? 258 : spec.vocabSize, ends)
    : (await tokenizerReader(tokenizer, ends))();
  const { bosId, eosId, endIds, addsBos, tokenizer: json } = vocabulary ? cutTokenizer(file, vocabulary) : file;
  const config = {
    tokenizer_class: "PreTrainedTokenizerFast",
    add_bos_token: addsBos,
    clean_up_tokenization_spaces: false,
  };
  return { bosId, eosId, endIds, files: { "tokenizer.json": json, "tokenizer_config.json": config } };
}

/** The byte tokenizer as a byte-level BPE that never merges. */
async function bytesAsBpe(vocabSize: number, ends: EndsOrigin | null): Promise<TokenizerFile> {
  const { bosId, eosId, endIds } = await bytesOf(vocabSize, ends);
  const special = [[bosId, "<|bos|>"], [eosId, "<|eos|>"]] as const;
  const tokenizer = {
    version: "1.0",
    added_tokens: special.filter(([id]) => id !== null).map(([id, content]) => ({
      id,
      content,
      special: true,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    })),
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
    model: {
      type: "BPE",
      vocab: Object.fromEntries(byteLevelAlphabet().map((char, byte) => [char, byte])),
      merges: [],
      fuse_unk: false,
      byte_fallback: false,
    },
  };
  return { tokenizer, bosId, eosId, endIds, addsBos: false };
}

/** The character that stands for each byte: itself where it is printable, else one from 256 on (GPT-2's encoder). */
function byteLevelAlphabet(): string[] {
  const printable = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}
