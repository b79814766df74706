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
  const bos = contentOf(json, bosId), eos = contentOf(json, eosId);
  const config = {
    tokenizer_class: "PreTrainedTokenizerFast",
    add_bos_token: addsBos,
    ...(bos !== null && { bos_token: bos }),
    ...(eos !== null && { eos_token: eos }),
    clean_up_tokenization_spaces: false,
  };
  const started = addsBos && bos !== null ? withStart(json, bos, bosId!) : json;
  return { bosId, eosId, endIds, files: { "tokenizer.json": started, "tokenizer_config.json": config } };
}

/** The text of a token. */
function contentOf({ added_tokens, model }: Record<string, unknown>, id: number | null): string | null {
  const added = (added_tokens as { id: number; content: string }[] | undefined)?.find((token) => token.id === id);
  if (added) return added.content;
  const { vocab } = model as { vocab: Record<string, number> | [string, number][] };
  if (Array.isArray(vocab)) return id === null ? null : vocab[id]?.[0] ?? null; // Unigram's, with scores
  return Object.keys(vocab).find((content) => vocab[content] === id) ?? null;
}

/** Readers put BOS in front by the post-processor, whatever `add_bos_token` says; one that is there knows better. */
function withStart(json: Record<string, unknown>, bos: string, id: number): Record<string, unknown> {
  if (json.post_processor) return json;
  const start = { SpecialToken: { id: bos, type_id: 0 } };
  const text = (id: "A" | "B", type_id: number) => ({ Sequence: { id, type_id } });
  return {
    ...json,
    post_processor: {
      type: "TemplateProcessing",
      single: [start, text("A", 0)],
      pair: [start, text("A", 0), text("B", 1)],
      special_tokens: { [bos]: { id: bos, ids: [id], tokens: [bos] } },
    },
  };
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
