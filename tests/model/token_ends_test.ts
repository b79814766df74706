import assert from "node:assert/strict";
import { resolveModel } from "../../lib/arch/resolve.ts";
import { byteEnds } from "../../lib/model/token_ends.ts";
import { openTokenizer } from "../../lib/model/tokenizer.ts";
import { tokenizerOf } from "../../lib/model/tokenizer_files.ts";
import { tinySpec } from "./tiny_spec.ts";

const utf8 = (text: string) => new TextEncoder().encode(text).length;

Deno.test("ends in characters become ends in bytes that never fall, a lone surrogate counts as U+FFFD", () => {
  assert.deepEqual(byteEnds("aé한😀", [1, 2, 3, 4]), [1, 3, 6, 10]);
  assert.deepEqual(byteEnds("a\ud800b", [1, 2, 3]), [1, 4, 5]);
  assert.deepEqual(byteEnds("ab", [0, 2, 1]), [0, 2, 2]);
});

Deno.test("tokens of SmolLM2 end where their characters end, and its ids are those of encode", async () => {
  const { tokenizer, spec, ends } = await resolveModel("smollm2-135m");
  const { encode, encodeEnds } = await tokenizerOf(tokenizer, spec.vocabSize, null, ends);
  // by hand: "a", " é" (2 characters), " 😀" in two tokens that end with its 4 bytes, " b"
  assert.deepEqual((await encodeEnds("a é 😀 b")).ends, [1, 4, 9, 9, 11]);
  for (const text of ["def f(x):\n    return x\n", "한국어 e\u0301 \ufb01", "tab\t\r\n\n  end ", "\u{1F9D9}\u200d"]) {
    const { ids, ends } = await encodeEnds(text);
    assert.deepEqual(ids, await encode(text));
    assert.deepEqual([ends.length, ends.at(-1)], [ids.length, utf8(text)]);
  }
});

Deno.test("a space that the tokenizer adds ends with the character behind it; bytes end one after the other", async () => {
  const vocab = [["▁", -1], ["▁a", -1], ["b", -1], ["a", -2]];
  const { encodeEnds } = openTokenizer(() => ({
    tokenizer: {
      added_tokens: [],
      pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: false },
      model: { type: "Unigram", vocab, unk_id: null },
    },
    bosId: null,
    eosId: null,
    endIds: [],
    addsBos: false,
  }));
  assert.deepEqual(await encodeEnds("ba"), { ids: [0, 2, 3], ends: [1, 1, 2] });
  const { tokenizer, spec } = await resolveModel(tinySpec({ vocabSize: 258 }));
  const bytes = await tokenizerOf(tokenizer, spec.vocabSize, null);
  assert.deepEqual(await bytes.encodeEnds("é!"), { ids: [0xc3, 0xa9, 33], ends: [1, 2, 3] });
});
