/** Regexes of pre-tokenizers, in Oniguruma's syntax (the Rust library's); each family's own where it is known. */

const CONTRACTION = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)`;
/** One character that is neither letter nor number leads a word: mostly a space. */
const LEAD = String.raw`[^\r\n\p{L}\p{N}]?`;
const WORD = String.raw`${LEAD}\p{L}+`, SYMBOLS = String.raw` ?[^\s\p{L}\p{N}]+`;
const LAST_SPACES = String.raw`\s+(?!\S)|\s+`, SPACES = String.raw`\s*[\r\n]+|${LAST_SPACES}`;

export const GPT2 = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

/** GPT-4's but for how many digits stand together: Llama 3, Qwen 2 and what follows them. */
export function gpt4With(digits: string): string {
  return `${CONTRACTION}|${WORD}|${digits}|${SYMBOLS}[\\r\\n]*|${SPACES}`;
}
export const UP_TO_3_DIGITS = String.raw`\p{N}{1,3}`;
export const LLAMA3 = gpt4With(UP_TO_3_DIGITS), QWEN2 = gpt4With(String.raw`\p{N}`);
export const MINICPM5 = gpt4With(String.raw`\p{N}+`);
/** Marks belong to words. */
export const QWEN35 = String.raw`${CONTRACTION}|${LEAD}[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|${SPACES}`;
/** Without English contractions: Turkish suffixes stay with their apostrophe. */
export const UFAKZEKA = String.raw`${WORD}|\p{N}|${SYMBOLS}[\r\n]*|${SPACES}`;
export const SEED_CODER = String.raw`${CONTRACTION}|${WORD}|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|${SPACES}`;
export const BAILING = String
  .raw`'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|${LAST_SPACES}`;
/** Words of several words. */
export const EXAONE_MOE = String
  .raw`${CONTRACTION}|${LEAD}(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}|${SYMBOLS}[\r\n/]?|\s*[\r\n]|${LAST_SPACES}`;
const RUNS = [512, 256, 128, 64, 32, 16, 8, 4, "1,2"].map((count) => String.raw`\s{${count}}(?!\S)`).join("|");
export const JAIS2 = String.raw`${CONTRACTION}|${WORD}|\p{N}{1,3}|${SYMBOLS}[\r\n]*|\s*[\r\n]+|${RUNS}|\s{1}`;

/** A word ends where a capital follows a small letter; `but` takes letters out. */
function casedWords(contraction: string, but = ""): string {
  const upper = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}${but}]`, lower = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}${but}]`;
  return `${LEAD}${upper}*${lower}+${contraction}|${LEAD}${upper}+${lower}*${contraction}`;
}
const SYMBOLS_AND_PATHS = String.raw`${SYMBOLS}[\r\n/]*`;
export const GPT4O = `${casedWords(CONTRACTION + "?")}|${UP_TO_3_DIGITS}|${SYMBOLS_AND_PATHS}|${SPACES}`;
export const TEKKEN = `${casedWords("")}|\\p{N}|${SYMBOLS_AND_PATHS}|${SPACES}`;
export const YOUTU = `${casedWords(CONTRACTION + "?")}|\\p{N}|${SYMBOLS_AND_PATHS}|${SPACES}`;
export const KIMI_K2 = String.raw`[\p{Han}]+|${casedWords(CONTRACTION + "?", String.raw`&&[^\p{Han}]`)}` +
  String.raw`|\p{N}{1,3}|${SYMBOLS}[\r\n]*|${SPACES}`;

const IDEOGRAPHS = "\u4e00-\u9fa5", KANA = "\u3040-\u309f\u30a0-\u30ff";
export const IDEOGRAPHS_AND_KANA = `[${IDEOGRAPHS}${KANA}]+`;
export const EAST_ASIAN = `[${IDEOGRAPHS}\u0800-\u4e00\uac00-\ud7ff]+`;
export const YOUTU_SCRIPTS = "[\uac00-\ud7a3\u3131-\u318e]+" +
  "|[\uff01\u2026\u201c\u201d\u2018\u2019\u2014\uff1a\uff1b\uff0c\u3001-\u303f\ufe30-\ufe4f]+" +
  `|[\u3105-\u312f]+|${IDEOGRAPHS_AND_KANA}`;
export const AFMOE_SCRIPTS =
  `[\u4e00-\u9fff\u3400-\u4dbf\u8c48-\ufaff${KANA}\uff65-\uff9f\u2f00-\u2fdf\u0e40-\u0e7f\u0e80-\u0eff` +
  "\u1780-\u17ff\u1000-\u109f\uaa60-\uaa7f\ua9e0-\ua9ff\uac00-\ud7af\u1100-\u11ff]+";

/** ASCII punctuation leads a word; other characters are punctuation and symbols, or marks with their letters. */
const PUNCTUATED = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+" +
  "|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+";
export const DEEPSEEK_V3 = `${PUNCTUATED}[\r\n]*|\\s*[\r\n]+|${LAST_SPACES}`;
export const SPARK = `${PUNCTUATED}|[\r\n]|${LAST_SPACES}`;

/** Letters of alphabets with two cases, as Unicode had them when the regex was made. */
export const CASED_WORDS = "\\s?[A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293" +
  "\u0295-\u02af\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5" +
  "\u03f7-\u0481\u048a-\u052f\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf" +
  "\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59" +
  "\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb" +
  "\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128" +
  "\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4" +
  "\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf" +
  "\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a\u{10400}-\u{1044f}\u{104b0}-\u{104d3}\u{104d8}-\u{104fb}" +
  "\u{10c80}-\u{10cb2}\u{10cc0}-\u{10cf2}\u{118a0}-\u{118df}\u{1e900}-\u{1e943}]+";
export const WIDE_PUNCTUATION = "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+";

/** All but punctuation that ends a phrase. */
export const BLOOM = " ?[^(\\s|.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)]+";
/** Unicode's punctuation and ASCII's symbols; without the backtick llama.cpp's default. */
export const punctuation = (backtick: string) => `[\\p{P}\\$\\+<=>\\^~\\|${backtick}]+`;

/**
 * Numbers in threes from their end. The originals look ahead over the whole number at each of its digits; these do so
 * once, at the first, and take the rest three by three: the same pieces, in time that grows with the number's length.
 */
export const THREES = String.raw`(?<!\p{N})\p{N}{1,3}(?=(?:\p{N}{3})*+(?!\p{N}))|(?<=\p{N})\p{N}{3}`;
/** Of these digits alone, and not of numbers that end in a letter; original: \d{1,3}(?=(?:\d{3})*\b). */
export const THREES_OF_A_WORD = String.raw`(?<!\d)\d{1,3}(?=(?:\d{3})*+\b)|\G(?<=\d)\d{3}`;
/** All but what stands before the first three; original, which matches nothing: (?=(\d{3})+(?!\d)). */
export const THREES_BUT_THE_FIRST = String.raw`(?<!\d{3})\d{3}(?=(?:\d{3})*+(?!\d))|\G(?<=\d{3})\d{3}`;
