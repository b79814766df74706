import assert from "node:assert/strict";
import { cutTokenizer } from "../../lib/model/cut_tokenizer.ts";
import { openModel } from "../../lib/model/language_model.ts";
import { openTokenizer, type TokenizerFile } from "../../lib/model/tokenizer.ts";
import { tinySpec } from "./tiny_spec.ts";

/** A BPE of three letters, written out: "ab" merges first, then "abc" and "ca". */
function letters(): TokenizerFile {
  const vocab = { "<end>": 0, a: 1, b: 2, c: 3, ab: 4, abc: 5, ca: 6 };
  return {
    tokenizer: {
      version: "1.0",
      added_tokens: [{
        id: 0,
        content: "<end>",
        special: true,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
      }],
      normalizer: null,
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
      post_processor: null,
      decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: { type: "BPE", vocab, merges: ["a b", "ab c", "c a"], fuse_unk: false, byte_fallback: false },
    },
    bosId: null,
    eosId: 0,
    endIds: [0, 6],
    addsBos: false,
  };
}

const cut = (ids: number[]) => openTokenizer(() => cutTokenizer(letters(), ids));

Deno.test("cutTokenizer() makes only the tokens that are left, under their new ids", async () => {
  assert.deepEqual(await openTokenizer(letters).encode("abcab"), [5, 4]);
  assert.deepEqual(await cut([0, 1, 2, 3, 4]).encode("abcab"), [4, 3, 4], "ab, c, ab: abc is gone");
  assert.deepEqual(await cut([3, 2, 1, 0, 6]).encode("abcab"), [2, 1, 4, 1], "a, b, ca, b: ab is gone, ca is now 4");
  assert.deepEqual(await cut([0, 1, 2, 3, 5]).encode("abc"), [1, 2, 3], "abc cannot be made without ab");
  const tokenizer = cut([3, 2, 1, 0, 6]);
  assert.deepEqual([tokenizer.eosId, tokenizer.endIds], [3, [3, 4]]);
  assert.deepEqual(cut([0, 1, 2, 3]).endIds, [0], "one of two ends is gone");
  assert.deepEqual(await tokenizer.encode("ca<end>"), [4, 3]);
  assert.equal(await tokenizer.decode(await tokenizer.encode("abcab<end>"), { specialTokens: true }), "abcab<end>");
});

Deno.test("cutTokenizer() refuses a cut that leaves texts without ids, or no end of text", () => {
  assert.throws(() => cutTokenizer(letters(), [0, 1, 3, 4]), {
    name: "RangeError",
    message: /1 single characters would go, "b" \(2\) the first/,
  });
  assert.throws(() => cutTokenizer(letters(), [1, 2, 3]), { message: /token 0 ends a text and would go; keep it/ });
  const other = { ...letters(), eosId: null, endIds: [6] };
  assert.throws(() => cutTokenizer(other, [0, 1, 2, 3]), { message: /token 6 ends a text and would go; keep it/ });
  const unigram = letters();
  unigram.tokenizer.model = { type: "Unigram" };
  assert.throws(() => cutTokenizer(unigram, [0]), { name: "TypeError", message: /of kind Unigram/ });
});

Deno.test("a cut vocabulary of bytes is numbered anew, and refuses other bytes", async () => {
  const edits = [{ vocabulary: [98, 97, 257] }];
  const model = await openModel({ ref: tinySpec(), edits }, { threads: 1 });
  try {
    assert.deepEqual(await model.tokenizer.encode("abba"), [1, 0, 0, 1]);
    assert.equal(await model.tokenizer.decode([1, 0, 0, 1]), "abba");
    assert.deepEqual([model.tokenizer.bosId, model.tokenizer.eosId, model.tokenizer.endIds], [null, 2, [2]]);
    await assert.rejects(model.tokenizer.encode("abc"), {
      name: "RangeError",
      message: /byte 99 is not in the cut vocabulary/,
    });
  } finally {
    await model.close();
  }
});
