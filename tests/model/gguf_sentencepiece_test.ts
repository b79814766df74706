import assert from "node:assert/strict";
import { tokenizerFromGguf } from "../../lib/model/gguf_tokenizer.ts";
import { rust } from "./rust_tokenizer.ts";

type Metadata = Record<string, unknown>;

/** Tokens with their score and type: 1 normal, 2 unknown, 3 control, 4 user-defined, 6 byte. */
function scored(rows: [token: string, score: number, type: number][], changes: Metadata = {}): Metadata {
  return {
    "tokenizer.ggml.model": "llama",
    "tokenizer.ggml.tokens": rows.map(([token]) => token),
    "tokenizer.ggml.scores": rows.map(([, score]) => score),
    "tokenizer.ggml.token_type": rows.map(([, , type]) => type),
    ...changes,
  };
}
const LETTERS: [string, number, number][] = [
  ...[["<unk>", 0, 2], ["<s>", 0, 3], ["</s>", 0, 3], ["\u2581", -10, 1], ["a", -11, 1], ["b", -12, 1], ["c", -13, 1]],
] as [string, number, number][];

Deno.test("SentencePiece joins the neighbours of the best score first, whatever the order of the ids", async () => {
  const bc = rust(tokenizerFromGguf(scored([...LETTERS, ["ab", -2, 1], ["bc", -1, 1], ["\u2581a", -3, 1]]), "m"));
  assert.deepEqual(await bc.encode("abc"), [9, 8], "\u2581a bc");
  assert.deepEqual(await bc.encode("b"), [3, 5]);
  const ab = rust(tokenizerFromGguf(scored([...LETTERS, ["ab", -1, 1], ["bc", -2, 1], ["\u2581a", -3, 1]]), "m"));
  assert.deepEqual(await ab.encode("abc"), [3, 7, 6], "\u2581 ab c");
});

Deno.test("a space goes before a text and behind tokens that are matched whole, and one is taken off the text", async () => {
  const rows = [...LETTERS, ["<x>", 0, 4]] as typeof LETTERS;
  const { encode, decode } = rust(tokenizerFromGguf(scored(rows), "m"));
  assert.deepEqual(await encode("a<x>b</s>  c"), [3, 4, 7, 3, 5, 2, 3, 3, 3, 6]);
  assert.deepEqual(await encode(""), []);
  assert.equal(await decode([3, 4, 7, 3, 5, 2]), "a<x> b", "</s> is special, <x> is not");
  assert.equal(await decode([3, 3, 4]), " a");
  const bare = rust(tokenizerFromGguf(scored(rows, { "tokenizer.ggml.add_space_prefix": false }), "m"));
  assert.deepEqual(await bare.encode("a<x>b c"), [4, 7, 5, 3, 6]);
  assert.equal(await bare.decode([3, 4]), " a");
});

Deno.test("unknown characters are bytes where the vocabulary has bytes, and else one unknown token together", async () => {
  const bytes = Array.from({ length: 256 }, (_, byte) => {
    return [`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`, 0, 6] as [string, number, number];
  });
  const { encode, decode } = rust(tokenizerFromGguf(scored([...LETTERS, ...bytes]), "m"));
  assert.deepEqual(await encode("a\u00e9"), [3, 4, 7 + 0xc3, 7 + 0xa9]);
  assert.equal(await decode([3, 4, 7 + 0xc3, 7 + 0xa9]), "a\u00e9");
  assert.deepEqual(await rust(tokenizerFromGguf(scored(LETTERS), "m")).encode("a\u00e9\u00e8b"), [3, 4, 0, 5]);
});

Deno.test("white space that a vocabulary was trained without is left out", async () => {
  const clean = scored(LETTERS, { "tokenizer.ggml.remove_extra_whitespaces": true });
  assert.deepEqual(await rust(tokenizerFromGguf(clean, "m")).encode("  a   b "), [3, 4, 3, 5]);
});

Deno.test("Gemma 4's tokenizer has SentencePiece's tokens, merges of its own, and always BOS", async () => {
  const file = tokenizerFromGguf({
    "tokenizer.ggml.model": "gemma4",
    "tokenizer.ggml.tokens": ["<pad>", "<eos>", "<bos>", "<unk>", "\u2581", "a", "b", "\u2581a", "ab", "  "],
    "tokenizer.ggml.token_type": [3, 3, 3, 2, 1, 1, 1, 1, 1, 4],
    "tokenizer.ggml.merges": ["\u2581 \u2581", "\u2581 a", "a b"],
    "tokenizer.ggml.bos_token_id": 2,
    "tokenizer.ggml.eos_token_id": 1,
    "tokenizer.ggml.add_bos_token": false,
  }, "m");
  assert.deepEqual([file.addsBos, file.bosId, file.eosId, file.warnings], [true, 2, 1, undefined]);
  assert.deepEqual(await rust(file).encode("ab ab   b"), [8, 7, 6, 9, 4, 6]);
});

Deno.test("Phi 3's special tokens take the white space behind them along, as llama.cpp knows by the model's name", async () => {
  const ids = async (name: string) => {
    const file = tokenizerFromGguf(scored([...LETTERS, ["<|user|>", 0, 3]], { "general.name": name }), "m");
    return await rust(file).encode("<|user|>\n a</s>  b<s> c");
  };
  assert.deepEqual(await ids("Phi 3 mini"), await ids("Llama 2"));
  assert.deepEqual(await ids("Phi-3 mini"), [7, 3, 4, 2, 3, 5, 1, 3, 3, 6]);
});

Deno.test("equal scores of all tokens are a warning: they say nothing of what is joined first", () => {
  const equal = scored([...LETTERS, ["ab", 0, 1], ["bc", 0, 1]]);
  const [warning] = tokenizerFromGguf(equal, "m").warnings ?? [];
  assert.match(warning, /all its tokenizer\.ggml\.scores are equal/);
});

const refused: [what: string, Metadata, RegExp][] = [
  ["no scores", scored(LETTERS, { "tokenizer.ggml.scores": undefined }), /has no tokenizer\.ggml\.scores/],
  [
    "too few scores",
    scored(LETTERS, { "tokenizer.ggml.scores": [1] }),
    /tokens has 7 entries, but tokenizer\.ggml\.scores 1/,
  ],
  ["a score that is no number", scored([["a", NaN, 1]]), /tokenizer\.ggml\.scores.*finite numbers: number 0/],
  [
    "a token of 40,000 characters",
    scored([["a".repeat(40_000), 0, 1]]),
    /number 0 of tokenizer\.ggml\.tokens has 40000 characters/,
  ],
  [
    "a flag that is none",
    scored(LETTERS, { "tokenizer.ggml.add_space_prefix": 1 }),
    /tokenizer\.ggml\.add_space_prefix is 1, not true or false/,
  ],
];
for (const [what, metadata, message] of refused) {
  Deno.test(`a SentencePiece tokenizer with ${what} is refused by file and key`, () => {
    assert.throws(() => tokenizerFromGguf(metadata, "model.gguf"), { name: "SyntaxError", message });
    assert.throws(() => tokenizerFromGguf(metadata, "model.gguf"), /tokenizer of model\.gguf: /);
  });
}
