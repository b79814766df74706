import assert from "node:assert/strict";
import golden from "../golden/tokenizers_gguf.json" with { type: "json" };
import { seededRandom } from "../../lib/stats/random.ts";
import { cutsAtSpaces } from "../../lib/model/space_cuts.ts";
import { tokenizerFromGguf } from "../../lib/model/gguf_tokenizer.ts";
import { byteTokenizer, openTokenizer, type Tokenizer } from "../../lib/model/tokenizer.ts";

function tokenizerOf(pre: string, { tokens = golden.tokens, types = golden.tokens.map(() => 1) } = {}): Tokenizer {
  return openTokenizer(() =>
    tokenizerFromGguf({
      "tokenizer.ggml.model": "gpt2",
      "tokenizer.ggml.pre": pre,
      "tokenizer.ggml.tokens": tokens,
      "tokenizer.ggml.token_type": types,
      "tokenizer.ggml.merges": golden.merges,
    }, "model.gguf")
  );
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
  "🙂",
];
PIECES.push("\u0001", "\ufeff", "\ue000", "\u00a0", "\u0301", "_", "(x)", "A", "ll", "'re", "\u200d");

for (
  const [name, tokenizer] of [["bytes", byteTokenizer(258)] as const].concat(
    ["smollm", "gpt-2", "llama-bpe", "qwen2", "gpt-4o", "tekken", "bailingmoe", "ufakzeka"].map((pre) =>
      [pre, tokenizerOf(pre)] as never
    ),
  )
) {
  Deno.test(`${name}: 8,000 texts cut before a space have the ids of their parts`, async () => {
    assert.equal(tokenizer.cutsAtSpaces, true);
    const random = seededRandom(1),
      text = () => {
        return Array.from({ length: 1 + Math.floor(6 * random.next()) }, () => {
          return PIECES[Math.floor(PIECES.length * random.next())];
        }).join("");
      };
    const cut = Array.from({ length: 20_000 }, () => [text().trimEnd(), " " + text()]).filter(([before]) => before);
    const whole = await tokenizer.encodeBatch(cut.map((parts) => parts.join("")));
    const parts = await tokenizer.encodeBatch(cut.flat());
    whole.forEach((ids, i) => {
      assert.deepEqual([...parts[2 * i], ...parts[2 * i + 1]], ids, JSON.stringify(cut[i]));
    });
  });
}

Deno.test("a tokenizer that is not known to start a piece at a space is not cut there", () => {
  const known = { type: "ByteLevel", add_prefix_space: false, use_regex: true };
  const plain = { model: { type: "BPE" }, normalizer: null, pre_tokenizer: known, added_tokens: [] as unknown[] };
  const cuts = (changes: Record<string, unknown>) => cutsAtSpaces({ ...plain, ...changes });
  assert.ok(cuts({}));
  assert.ok(cuts({ pre_tokenizer: { use_regex: true, add_prefix_space: false, type: "ByteLevel" } }));
  assert.ok(!cuts({ pre_tokenizer: { ...known, add_prefix_space: true } }));
  assert.ok(!cuts({ pre_tokenizer: null }));
  assert.ok(!cuts({ model: { type: "Unigram" } }));
  assert.ok(cuts({ normalizer: { type: "NFC" } }), "no character is composed with a space before it");
  assert.ok(!cuts({ normalizer: { type: "Lowercase" } }));
  assert.ok(!cuts({ added_tokens: [{ content: "two words" }] }), "a token that holds a space");
  assert.ok(!cuts({ added_tokens: [{ content: "<mask>", lstrip: true }] }), "a token that eats the space before it");
});
