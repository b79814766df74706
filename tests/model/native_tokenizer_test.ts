import assert from "node:assert/strict";
import { openNative } from "../../lib/model/native_tokenizer.ts";

type Json = Record<string, unknown>;

const bytes = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
const sound = {
  added_tokens: [{
    id: 2,
    content: "<s>",
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  }],
  pre_tokenizer: bytes,
  decoder: bytes,
  model: { type: "BPE", vocab: { a: 0, b: 1 }, merges: [] },
};
const open = (changes: Json = {}) => openNative(JSON.stringify({ ...sound, ...changes }), "t.json");

Deno.test("truncation and padding of a file are left out: a text has all of its ids", async () => {
  const truncation = { max_length: 3, strategy: "LongestFirst", stride: 0, direction: "Right" };
  const padding = { strategy: { Fixed: 8 }, direction: "Right", pad_id: 1, pad_type_id: 0, pad_token: "b" };
  const { encodeBatch } = await open({ truncation, padding: { ...padding, pad_to_multiple_of: null } });
  assert.deepEqual(await encodeBatch(["aaaaaa", "a"]), [[0, 0, 0, 0, 0, 0], [0]]);
});

const faults: [string, Json, RegExp][] = [
  ["a pre-tokenizer", { pre_tokenizer: { type: "Foo" } }, /its pre_tokenizer \(type "Foo"\) is unknown/],
  [
    "a step of a pre-tokenizer",
    { pre_tokenizer: { type: "Sequence", pretokenizers: [bytes, { type: "Split" }] } },
    /its pre_tokenizer\.pretokenizers\[1\] \(type "Split"\)/,
  ],
  [
    "a step of a normalizer",
    { normalizer: { type: "Sequence", normalizers: [{ type: "NFD" }, { type: "Upper" }] } },
    /its normalizer\.normalizers\[1\] \(type "Upper"\)/,
  ],
  [
    "a step of a post-processor",
    { post_processor: { type: "Sequence", processors: [{ type: "None" }] } },
    /its post_processor\.processors\[0\]/,
  ],
  ["a decoder of another kind", { decoder: 5 }, /its decoder is unknown/],
  [
    "an added token",
    { added_tokens: [sound.added_tokens[0], { content: "x" }] },
    /its added_tokens\[1\] is .*says: missing field `id`$/,
  ],
  [
    "a merge",
    { model: { ...sound.model, merges: ["a c"] } },
    /its model \(type "BPE"\) .*says: Token `c` out of vocabulary$/,
  ],
  ["a model", { model: { type: "LSTM" } }, /its model \(type "LSTM"\)/],
];

for (const [what, changes, message] of faults) {
  Deno.test(`a file whose fault is ${what} is refused with the field`, async () => {
    await assert.rejects(open(changes), { name: "SyntaxError", message: /^Cannot read the tokenizer t\.json: / });
    await assert.rejects(open(changes), { message });
  });
}

Deno.test("a text that the vocabulary lacks, where nothing stands for it, is refused by its name", async () => {
  const { encodeBatch } = await openNative('{"model":{"type":"Unigram","vocab":[["a",-1]],"unk_id":null}}', "t.json");
  assert.deepEqual(await encodeBatch(["aa"]), [[0, 0]]);
  await assert.rejects(encodeBatch(["a", "a?", "a"]), {
    name: "RangeError",
    message: /^Cannot encode "a\?" with the tokenizer t\.json: .*unk_id.*; its model needs a token for what/,
  });
});
