import assert from "node:assert/strict";
import golden from "../golden/tokenizers_gguf.json" with { type: "json" };
import { byteTokenizer, encodePrompt, openTokenizer, tokenizerFromGguf } from "../../lib/model/tokenizer.ts";

Deno.test("encodePrompt() puts BOS in front only where the model was trained with it, and once", () => {
  const plain = byteTokenizer(258);
  assert.deepEqual(encodePrompt(plain, "ab"), [97, 98]);
  const trained = { ...plain, addsBos: true };
  assert.deepEqual(encodePrompt(trained, "ab"), [256, 97, 98]);
  assert.deepEqual(encodePrompt({ ...trained, encode: () => [256, 97] }, ""), [256, 97], "the text brings it");
  assert.deepEqual(encodePrompt({ ...trained, bosId: null }, "ab"), [97, 98]);
});

for (const [pre, want] of Object.entries(golden.ids)) {
  Deno.test(`a GGUF's ${pre} tokenizer cuts texts where Hugging Face's does`, () => {
    const metadata = {
      "tokenizer.ggml.model": "gpt2",
      "tokenizer.ggml.pre": pre,
      "tokenizer.ggml.tokens": golden.tokens,
      "tokenizer.ggml.token_type": golden.tokens.map(() => 1),
      "tokenizer.ggml.merges": golden.merges,
    };
    const { encode, decode } = openTokenizer(() => tokenizerFromGguf(metadata, "model.gguf"));
    golden.texts.forEach((text, i) => {
      assert.deepEqual(encode(text), want[i], text);
      assert.equal(decode(want[i]), text);
    });
  });
}
