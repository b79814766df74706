import assert from "node:assert/strict";
import golden from "../golden/tokenizers_gguf.json" with { type: "json" };
import { tokenizerFromGguf } from "../../lib/model/gguf_tokenizer.ts";
import { byteTokenizer, encodePrompt, openTokenizer } from "../../lib/model/tokenizer.ts";

Deno.test("encodePrompt() puts BOS in front only where the model was trained with it, and once", async () => {
  const plain = byteTokenizer(258);
  assert.deepEqual(await encodePrompt(plain, "ab"), [97, 98]);
  const trained = { ...plain, addsBos: true };
  assert.deepEqual(await encodePrompt(trained, "ab"), [256, 97, 98]);
  assert.deepEqual(
    await encodePrompt({ ...trained, encode: () => Promise.resolve([256, 97]) }, ""),
    [256, 97],
    "the text brings it",
  );
  assert.deepEqual(await encodePrompt({ ...trained, bosId: null }, "ab"), [97, 98]);
});

for (const [pre, want] of Object.entries(golden.ids)) {
  Deno.test(`a GGUF's ${pre} tokenizer cuts texts where Hugging Face's does`, async () => {
    const metadata = {
      "tokenizer.ggml.model": "gpt2",
      "tokenizer.ggml.pre": pre,
      "tokenizer.ggml.tokens": golden.tokens,
      "tokenizer.ggml.token_type": golden.tokens.map(() => 1),
      "tokenizer.ggml.merges": golden.merges,
    };
    const { encode, encodeBatch, decode } = openTokenizer(() => tokenizerFromGguf(metadata, "model.gguf"));
    assert.deepEqual(await encodeBatch(golden.texts), want);
    for (const [i, text] of golden.texts.entries()) {
      assert.deepEqual(await encode(text), want[i], text);
      assert.equal(await decode(want[i]), text);
    }
  });
}

Deno.test("a tokenizer refuses what is no text, no ids, or an option that is not known", async () => {
  const file = {
    model: { type: "WordLevel", vocab: { a: 0, b: 1 }, unk_token: "a" },
    pre_tokenizer: { type: "Whitespace" },
  };
  const read = () => ({ tokenizer: file, bosId: null, eosId: null, endIds: [], addsBos: false });
  for (const tokenizer of [byteTokenizer(258), openTokenizer(read)]) {
    await assert.rejects(() => tokenizer.encode(null as never), /Cannot encode: text must be a text, got null/);
    await assert.rejects(() => tokenizer.encodeBatch("ab" as never), /texts must be a list/);
    await assert.rejects(() => tokenizer.decode("ab" as never), /Cannot decode: ids must be a list/);
    await assert.rejects(() => tokenizer.decode([0.5]), /ids\[0\] .*0\.5/);
    await assert.rejects(
      () => tokenizer.decode([1], { special: true } as never),
      /"special"; did you mean "specialTokens"/,
    );
    assert.equal(typeof await tokenizer.decode([1], { specialTokens: true, after: [0] }), "string");
    assert.equal(await tokenizer.decode([], { specialTokens: undefined }), "");
  }
});
