import assert from "node:assert/strict";
import golden from "../golden/tokenizers_gguf.json" with { type: "json" };
import { seededRandom } from "../../lib/stats/random.ts";
import { openNative } from "../../lib/model/native_tokenizer.ts";
import { cutsAtSpaces } from "../../lib/model/space_cuts.ts";
import { tokenizerFromGguf } from "../../lib/model/gguf_tokenizer.ts";
import { byteTokenizer, openTokenizer, type TokenizerFile } from "../../lib/model/tokenizer.ts";

function fileOf(pre: string): TokenizerFile {
  return tokenizerFromGguf({
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": pre,
    "tokenizer.ggml.tokens": golden.tokens,
    "tokenizer.ggml.token_type": golden.tokens.map(() => 1),
    "tokenizer.ggml.merges": golden.merges,
  }, "model.gguf");
}

const PIECES = [
  "a",
  "the",
  "don't",
  "'s",
  "'",
  "12",
  "3",
  ".",
  "?!",
  "\n",
  "\n\n",
  "\t",
  " ",
  "  ",
  "\r\n",
  "é",
  "ß",
  "中",
];
PIECES.push("🙂", "\u00a0", "\u0301", "_", "(x)", "A", "ll", "'re", "\u200d", "\u0085", "\ufeff", "\u180e", "\u2028");
PIECES.push("\u001c", "\u0000", "\u3000", "\u00bd", "\u0967", "<s>", "\ud83d", "e\u0301", "\u1100\u1161", "\u0344");

/** Texts of random pieces, the same every time. */
function randomTexts(count: number): string[] {
  const random = seededRandom(1), piece = () => PIECES[Math.floor(PIECES.length * random.next())];
  return Array.from({ length: count }, () => Array.from({ length: 1 + Math.floor(9 * random.next()) }, piece).join(""));
}

const smollm = fileOf("smollm"), special = { single_word: false, lstrip: false, rstrip: false, normalized: false };
const added_tokens = [{ id: golden.tokens.length, content: "<s>", special: true, ...special }];
const files: [string, TokenizerFile][] = [
  ...Object.keys(golden.ids),
  "smollm",
  "gpt-4o",
  "tekken",
  "bailingmoe",
  "ufakzeka",
  "default",
  "falcon",
  "qwen35",
  "deepseek-v3",
  "spark2_5",
].map((pre) => [pre, fileOf(pre)]);
files.push(["smollm in NFC", { ...smollm, tokenizer: { ...smollm.tokenizer, normalizer: { type: "NFC" } } }]);
files.push(["smollm with a token", { ...smollm, tokenizer: { ...smollm.tokenizer, added_tokens } }]);

for (const [name, file] of files) {
  Deno.test(`${name}: 5,000 texts encoded word by word have the ids of the whole`, async () => {
    const tokenizer = openTokenizer(() => file);
    assert.equal(tokenizer.cutsAtSpaces, true);
    const whole = await openNative(JSON.stringify(file.tokenizer), name), texts = randomTexts(5000);
    const want = await whole.encodeBatch(texts);
    // Some at a time, so that words are met that are known.
    for (let i = 0; i < texts.length; i += 1000) {
      const ids = await tokenizer.encodeBatch(texts.slice(i, i + 1000));
      ids.forEach((list, j) => assert.deepEqual(list, want[i + j], JSON.stringify(texts[i + j])));
    }
  });
}

Deno.test("bytes: texts cut before a space have the ids of their parts", async () => {
  const tokenizer = byteTokenizer(258);
  assert.ok(tokenizer.cutsAtSpaces);
  assert.deepEqual(await tokenizer.encode("é b"), (await tokenizer.encodeBatch(["é", " b"])).flat());
});

const bytes = { type: "ByteLevel", add_prefix_space: false, use_regex: true };
const split = (Regex: string, changes = {}) => ({
  type: "Sequence",
  pretokenizers: [
    { type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false, ...changes },
    { ...bytes, use_regex: false },
  ],
});
const plain = { model: { type: "BPE", merges: [] }, pre_tokenizer: bytes };
const cuts = (changes: Record<string, unknown>) => cutsAtSpaces({ ...plain, ...changes });

Deno.test("pre-tokenizers that start a piece at every space behind another character are known", () => {
  assert.ok(cuts({}));
  assert.ok(cuts({ model: { merges: [] } }), "old files do not name the kind");
  assert.ok(cuts({ pre_tokenizer: { use_regex: true, add_prefix_space: false, type: "ByteLevel" } }));
  assert.ok(cuts({ pre_tokenizer: { add_prefix_space: false, type: "ByteLevel" } }), "its regex is the default");
  assert.ok(cuts({ pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "Digits" }, bytes] } }));
  assert.ok(cuts({ normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }] } }));
  const rest = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  // Llama 3's, Qwen's and GPT-4o's as their tokenizer.json have them.
  assert.ok(
    cuts({ pre_tokenizer: split(`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|${rest}`) }),
  );
  assert.ok(cuts({ pre_tokenizer: split(`'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}|${rest}`) }));
  const cased = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t)?";
  assert.ok(cuts({ pre_tokenizer: split(`[^\\r\\n\\p{L}\\p{N}]?${cased}|\\p{N}{1,3}|${rest}`) }));
});

Deno.test("a tokenizer that is not known to start a piece at a space is not cut there", () => {
  assert.ok(!cuts({ pre_tokenizer: { ...bytes, add_prefix_space: true } }));
  assert.ok(!cuts({ pre_tokenizer: null }));
  assert.ok(!cuts({ pre_tokenizer: { ...bytes, use_regex: false } }));
  const steps = (...pretokenizers: unknown[]) => cuts({ pre_tokenizer: { type: "Sequence", pretokenizers } });
  const noRegex = { ...bytes, use_regex: false }, words = split(" ?\\p{L}+|\\s+").pretokenizers[0];
  assert.ok(steps(bytes, { type: "Digits" }), "what follows sees single pieces");
  assert.ok(!steps(noRegex, words), "spaces are no spaces any more");
  assert.ok(!steps(words, { type: "Metaspace" }), "the first piece of a text is another one");
  assert.ok(!steps({ type: "Split", pattern: { String: "n" }, behavior: "Isolated", invert: false }, bytes));
  assert.ok(!cuts({ pre_tokenizer: { type: "Metaspace" } }));
  for (
    const regex of [
      "\\S+ ?|\\s+",
      "\\w+\\s*|\\s+",
      "\\p{L}+(?=\\s)|\\s+",
      "[^x]+|\\s+",
      "\\p{L}+",
      "a b|\\s+",
      "\\p{L}+$|\\s+",
      "..?|\\s+",
      "[!- ]+|\\s+",
      "[\\t-~]+|\\s+",
      "[\n-a]+|\\s+",
      "[\\x20a]+|\\s+",
      "[^\\S]+a|\\s+",
      "\\D+|\\s+",
      "(?<=a)b|\\s+",
      "a\\b|\\s+",
      "(?x: a b)|\\s+",
    ]
  ) {
    assert.ok(!cuts({ pre_tokenizer: split(regex) }), regex);
  }
  assert.ok(cuts({ pre_tokenizer: split(" ?\\p{L}+|\\s+") }));
  assert.ok(!cuts({ pre_tokenizer: split(" ?\\p{L}+|\\s+", { behavior: "Removed" }) }));
  assert.ok(!cuts({ pre_tokenizer: split(" ?\\p{L}+|\\s+", { invert: true }) }));
  assert.ok(!cuts({ model: { type: "Unigram" } }));
  assert.ok(!cuts({ model: { type: "BPE", merges: [], dropout: 0.1 } }));
  assert.ok(!cuts({ normalizer: { type: "NFKC" } }));
  assert.ok(!cuts({ added_tokens: [{ content: "two words" }] }), "a token that holds a space");
  assert.ok(!cuts({ added_tokens: [{ content: "two\u0085lines" }] }));
  assert.ok(!cuts({ added_tokens: [{ content: "<mask>", lstrip: true }] }), "a token that eats the space before it");
  assert.ok(!cuts({ added_tokens: [{ content: "<mask>", single_word: true }] }));
});
