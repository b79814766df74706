import assert from "node:assert/strict";
import { byteTokenizer, encodePrompt } from "../../lib/model/tokenizer.ts";

Deno.test("encodePrompt() puts BOS in front only where the model was trained with it, and once", () => {
  const plain = byteTokenizer(258);
  assert.deepEqual(encodePrompt(plain, "ab"), [97, 98]);
  const trained = { ...plain, addsBos: true };
  assert.deepEqual(encodePrompt(trained, "ab"), [256, 97, 98]);
  assert.deepEqual(encodePrompt({ ...trained, encode: () => [256, 97] }, ""), [256, 97], "the text brings it");
  assert.deepEqual(encodePrompt({ ...trained, bosId: null }, "ab"), [97, 98]);
});
