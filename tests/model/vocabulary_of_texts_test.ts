import assert from "node:assert/strict";
import { cutTokenizer } from "../../lib/model/cut_tokenizer.ts";
import { openModel } from "../../lib/model/open_model.ts";
import { openTokenizer, type TokenizerFile } from "../../lib/model/tokenizer.ts";
import { keptTokens, vocabularyOfTexts } from "../../lib/model/vocabulary_of_texts.ts";
import { tinySpec } from "./tiny_spec.ts";

/** Merges, in their order: "ab", "cd", "abcd" of these two, "bc" too late to be in it; "ef" of no merge. */
function letters(more: Record<string, unknown> = {}): TokenizerFile {
  const vocab = { "<end>": 0, a: 1, b: 2, c: 3, d: 4, ab: 5, cd: 6, abcd: 7, bc: 8, ef: 9, e: 10, f: 11, abc: 12 };
  const flags = { special: true, single_word: false, lstrip: false, rstrip: false, normalized: false };
  return {
    tokenizer: {
      version: "1.0",
      added_tokens: [{ id: 0, content: "<end>", ...flags }],
      normalizer: null,
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
      post_processor: null,
      decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        type: "BPE",
        vocab,
        merges: ["a b", "c d", "ab cd", "b c", "ab c", "abc d"],
        fuse_unk: false,
        byte_fallback: false,
        ...more,
      },
    },
    bosId: null,
    eosId: 0,
    endIds: [0],
    addsBos: false,
  };
}

const rising = (ids: number[]) => ids.toSorted((a, b) => a - b);

Deno.test("the tokens on the way to a text's are kept, and those that every text needs, by hand", () => {
  const always = [0, 1, 2, 3, 4, 10, 11]; // <end> and the letters
  assert.deepEqual(rising(keptTokens(letters(), [7])), rising([...always, 5, 6, 7]), "ab + cd; neither bc nor abc");
  assert.deepEqual(rising(keptTokens(letters(), [8])), rising([...always, 8]));
  assert.deepEqual(rising(keptTokens(letters(), [9])), rising([...always, 9]), "no merge makes it");
});

Deno.test("a text keeps its tokens under new ids in the vocabulary cut to it", async () => {
  const text = "abcdbcabab", ids = await openTokenizer(letters).encode(text);
  const kept = rising(keptTokens(letters(), ids));
  const cut = await openTokenizer(() => cutTokenizer(letters(), kept)).encode(text);
  assert.deepEqual(cut.map((id) => kept[id]), ids);
});

Deno.test("no vocabulary is listed of a tokenizer that is no BPE", () => {
  const wordPiece = { type: "WordPiece", merges: undefined };
  assert.throws(() => keptTokens(letters(wordPiece), [1]), /kind WordPiece: its tokens are not merged/);
});

Deno.test("vocabularyOfTexts() of the bytes tokenizer: the bytes, BOS and the end; the logits of what stays are the same", async () => {
  const ref = { ref: tinySpec(), seed: 1 }, vocabulary = await vocabularyOfTexts(ref, ["abba", "cab"]);
  assert.deepEqual(vocabulary.slice(0, 3), [97, 98, 99]);
  const full = await openModel(ref, { graphs: [] }),
    cut = await openModel({ ...ref, edits: [{ vocabulary }] }, { graphs: [] });
  const ids = await full.tokenizer.encode("abba"), newIds = await cut.tokenizer.encode("abba");
  assert.deepEqual(newIds.map((id) => vocabulary[id]), ids);
  const { data } = await full.logits(ids), { data: less } = await cut.logits(newIds);
  for (let row = 0; row < ids.length; row++) {
    vocabulary.forEach((id, i) => {
      const [want, got] = [data[row * 258 + id], less[row * vocabulary.length + i]];
      assert.ok(Math.abs(want - got) < 1e-5, `${want} became ${got}`);
    });
  }
  await full.close();
  await cut.close();
});

Deno.test("what is no list of texts is named", async () => {
  await assert.rejects(() => vocabularyOfTexts(tinySpec(), []), /texts/);
  await assert.rejects(() => vocabularyOfTexts(tinySpec(), "abc" as unknown as string[]), /texts/);
});
