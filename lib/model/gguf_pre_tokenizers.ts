/**
 * How texts are split before byte-level BPE merges anything, by the name in a GGUF's `tokenizer.ggml.pre`.
 *
 * Names, defaults and regexes are those of llama.cpp v0.5.0 (`src/llama-vocab.cpp`). Its regex engine knows neither
 * cases nor marks of letters, so it approximates some regexes, and it does not normalise texts: there the family's own
 * tokenizer stands here, which is what its models were trained with.
 */
import * as regex from "./gguf_split_regexes.ts";

export interface PreTokenizer {
  /** `pre_tokenizer` of a tokenizer.json; null: tokens are not of bytes but of text, with U+2581 for each space. */
  json: Record<string, unknown> | null;
  /** Texts are brought into Unicode's composed form first. */
  nfc?: boolean;
  /** A piece that is a token is taken whole, whatever the merges say. */
  ignoreMerges?: boolean;
  /** Texts start with BOS where the file does not say, or even where it says they do not. */
  addsBos?: boolean | "always";
  /** There is no BOS where the file names none. */
  noBos?: boolean;
  /** The token that takes the white space before it. */
  stripsBefore?: string;
}

const byteLevel = (use_regex: boolean) => ({
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex,
});
const sequence = (...pretokenizers: object[]) => ({ type: "Sequence", pretokenizers });
const splitAt = (Regex: string, behavior = "Isolated") => ({
  type: "Split",
  pattern: { Regex },
  behavior,
  invert: false,
});
/** Each regex splits the pieces that those before it left. */
const split = (...regexes: string[]) => sequence(...regexes.map((regex) => splitAt(regex)), byteLevel(false));

const DIGIT = String.raw`\p{N}`, DIGITS = String.raw`\p{N}+`, NEWLINE = "[\r\n]", THREE_DIGITS = "[0-9][0-9][0-9]";
/** GPT-2's regex is built in. */
const gpt2 = byteLevel(true), digitsThenGpt2 = sequence({ type: "Digits", individual_digits: true }, gpt2);
const llama3 = split(regex.LLAMA3), qwen2 = split(regex.QWEN2), gpt4o = split(regex.GPT4O);

/** Names that are split alike, with a space between. */
const FAMILIES: [names: string, PreTokenizer][] = [
  ["default", { json: split(regex.punctuation(""), regex.GPT2, DIGITS, THREE_DIGITS) }],
  ["gpt-2 phi-2 jina-es jina-de jina-v1-en roberta-bpe gigachat a.x-4.0 mellum exaone4 jais trillion granite-docling", {
    json: gpt2,
  }],
  // Both have GPT-NeoX's tokenizer.
  ["mpt olmo", { json: gpt2, nfc: true }],
  ["jina-v2-es jina-v2-de jina-v2-code", { json: gpt2, stripsBefore: "<mask>" }],
  ["modern-bert", { json: gpt2, stripsBefore: "[MASK]" }],
  ["smollm starcoder refact codeshell exaone minerva-7b mellum2", { json: digitsThenGpt2 }],
  ["command-r", { json: digitsThenGpt2, nfc: true }],
  ["llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano", {
    json: llama3,
    ignoreMerges: true,
    addsBos: true,
  }],
  ["dbrx smaug-bpe", { json: llama3 }],
  ["chatglm-bpe glm4", { json: llama3, noBos: true }],
  ["minicpm5", { json: split(regex.UP_TO_3_DIGITS, regex.MINICPM5), ignoreMerges: true }],
  ["jais-2", { json: split(regex.JAIS2) }],
  ["qwen2", { json: qwen2, nfc: true }],
  ["deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan solar-open grok-2", { json: qwen2 }],
  ["qwen35", { json: split(regex.QWEN35), nfc: true }],
  ["laguna", { json: split(String.raw`[^\n]+|[\n]+`, regex.QWEN2) }],
  ["ufakzeka", { json: split(regex.UFAKZEKA) }],
  ["seed-coder", { json: split(regex.SEED_CODER) }],
  ["bailingmoe bailingmoe2 llada-moe", { json: split(regex.BAILING) }],
  ["exaone-moe", { json: split(regex.EXAONE_MOE) }],
  ["tekken", { json: split(regex.TEKKEN), ignoreMerges: true, addsBos: true }],
  ["gpt-4o llama4 kanana2 talkie minimax-m2", { json: gpt4o }],
  ["granite-embed-multi-97m", { json: gpt4o, ignoreMerges: true }],
  ["tiny_aya cohere2moe", { json: split(regex.THREES_OF_A_WORD, regex.GPT4O) }],
  ["kimi-k2", { json: split(regex.KIMI_K2) }],
  ["youtu", { json: split(regex.YOUTU_SCRIPTS, regex.YOUTU), ignoreMerges: true }],
  ["deepseek-llm", {
    json: split(NEWLINE, regex.CASED_WORDS, regex.WIDE_PUNCTUATION, String.raw`\s+$`, regex.EAST_ASIAN, DIGITS),
  }],
  ["deepseek-coder", {
    json: split(NEWLINE, String.raw`\s?\p{L}+`, String.raw`\s?\p{P}+`, regex.EAST_ASIAN, DIGIT),
  }],
  ["deepseek-v3 hunyuan-dense joyai-llm hy_v4", {
    json: split(regex.UP_TO_3_DIGITS, regex.IDEOGRAPHS_AND_KANA, regex.DEEPSEEK_V3),
  }],
  ["spark2_5", { json: split(regex.UP_TO_3_DIGITS, regex.IDEOGRAPHS_AND_KANA, regex.SPARK, DIGIT) }],
  ["afmoe", { json: split(regex.THREES, regex.AFMOE_SCRIPTS, regex.DEEPSEEK_V3) }],
  ["superbpe", {
    json: sequence(splitAt(DIGITS), splitAt(regex.THREES_BUT_THE_FIRST, "MergedWithNext"), byteLevel(false)),
  }],
  ["bloom poro-chat gpt3-finnish", { json: split(regex.BLOOM) }],
  ["viking", { json: split(regex.BLOOM, DIGIT) }],
  ["falcon", { json: split(regex.punctuation("`"), regex.GPT2, THREE_DIGITS) }],
  ["chameleon", {
    json: split(
      "<sentinel:[0-9]+>",
      "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z",
      String.raw`([\t\n]|    |  )`,
      DIGIT,
      "[\\p{P}!-/:-@\\[-`{-~]",
      regex.GPT2,
    ),
    addsBos: true,
  }],
  ["gemma4 granite-embed-multi-311m", { json: null, addsBos: "always" }],
  ["sarvam-moe", { json: null }],
];

const BY_NAME = new Map(FAMILIES.flatMap(([names, pre]) => names.split(" ").map((name) => [name, pre])));

/** Undefined: no such name is known. */
export function preTokenizerNamed(name: string): PreTokenizer | undefined {
  return BY_NAME.get(name);
}

export function preTokenizerNames(): string[] {
  return [...BY_NAME.keys()];
}
