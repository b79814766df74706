import assert from "node:assert/strict";
import { planTexts } from "../../lib/measure/text_plan.ts";
import { cutText, textSettingName, withoutRest } from "../../lib/measure/text_setting.ts";
import { tinySpec } from "./fake_host.ts";
import { pairTokenizer, twoTokenizers } from "./pair_tokenizer.ts";

Deno.test("a text is cut between characters: one that would pass the bytes is the first of the rest", () => {
  // a é(2) € (3) 😀(4) z: bytes 1 3 6 10 11
  const cut = (promptBytes: number, newBytes: number) => cutText({ promptBytes, newBytes }, "aé€😀z");
  assert.deepEqual(cut(3, 3), { prompt: "aé", whole: "aé€", promptBytes: 3, newBytes: 3 });
  assert.deepEqual(cut(5, 4), { prompt: "aé", whole: "aé€", promptBytes: 3, newBytes: 3 });
  assert.deepEqual(cut(2, 9), { prompt: "a", whole: "aé€😀z", promptBytes: 1, newBytes: 10 });
  const mark = cutText({ promptBytes: 4, newBytes: 1 }, "\ufeffab");
  assert.deepEqual([mark.prompt, mark.whole], ["\ufeffa", "\ufeffab"]); // a byte order mark is text
});

Deno.test("a text that is too short, and a part without a whole character, are refused with the numbers", () => {
  assert.throws(
    () => cutText({ promptBytes: 8, newBytes: 4 }, "aé€😀z"),
    /^RangeError: Cannot measure p8B_l4B: the text has 11 bytes, and promptBytes and newBytes need 12; pass a longer/,
  );
  assert.throws(() => cutText({ promptBytes: 2, newBytes: 2 }, "😀😀"), /promptBytes 2 holds no whole character/);
  assert.throws(() => cutText({ promptBytes: 4, newBytes: 3 }, "😀😀"), /newBytes 3 holds no whole character/);
});

Deno.test("settings of different texts have different names", () => {
  const of = (text?: string) => textSettingName({ promptBytes: 8, newBytes: 4, text });
  assert.equal(of(), "p8B_l4B");
  assert.match(of("abcabcabcabc"), /^p8B_l4B_[0-9a-f]{8}$/);
  assert.notEqual(of("abcabcabcabc"), of("abcabcabcabd"));
  assert.equal(of("abcabcabcabc"), of("abcabcabcabc and what is not read"));
  const read = withoutRest({ promptBytes: 3, newBytes: 2, text: "aé€😀z" }); // € would pass the fifth byte
  assert.deepEqual(read, { promptBytes: 3, newBytes: 2, text: "aé" });
  assert.equal(textSettingName(read), textSettingName({ promptBytes: 3, newBytes: 2, text: "aé€😀z" }));
});

Deno.test("each model gets its own tokens of one text, and as many to decode as its tokenizer makes of the rest", async () => {
  const folder = await pairTokenizer();
  try {
    const { bytes, pairs, bare } = twoTokenizers(folder),
      setting = { promptBytes: 6, newBytes: 9, text: "abcabcabababacabc" };
    const plan = await planTexts({ bytes, pairs }, [setting], ["abc", "ab ab"]);
    const [tokens] = Object.values(plan.tokens);
    assert.deepEqual([tokens.promptBytes, tokens.newBytes], [6, 9]); // abc abc | ab ab ab ac a
    assert.deepEqual(tokens.models, {
      bytes: { promptTokens: 6, newTokens: 9 },
      pairs: { promptTokens: 4, newTokens: 6 },
    });
    assert.deepEqual(plan.of("pairs", setting), { promptTokens: 4, newTokens: 6, promptIds: [5, 2, 5, 2] });
    await assert.rejects(
      planTexts({ pairs, bare }, [setting], ["abc", "ab ab"]),
      /^TypeError: Cannot measure p6B_l9B_[0-9a-f]{8}: "bare" has no tokenizer, so its tokens stand for no text; .*promptTokens/,
    );
    await assert.rejects(
      planTexts({ pairs }, [{ promptBytes: 4, newBytes: 2, text: "ccccabcc" }]),
      /newBytes 2 are 1 tokens of "pairs", and decoding takes at least 2; take more bytes/,
    );
    await assert.rejects(
      planTexts({ bytes }, [{ promptBytes: 500, newBytes: 20, text: "a".repeat(600) }]),
      /p500B_l20B_[0-9a-f]{8}: 500 prompt tokens and 20 new ones are longer than the context of bytes, 512 tokens/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("tokens of the sample are counted only where tokenizers differ", async () => {
  const folder = await pairTokenizer();
  try {
    const { bytes, pairs, bare } = twoTokenizers(folder), texts = ["abc", { text: "ab ab", source: "b" }];
    const { text } = await planTexts({ bytes, pairs, bare }, [], texts);
    assert.deepEqual(text!.bytes, [3, 5]);
    assert.deepEqual(text!.sources, ["text 0", "b"]);
    assert.deepEqual(text!.models.bytes!.tokens, [3, 5]);
    assert.deepEqual(text!.models.pairs!.tokens, [2, 3]);
    assert.equal(text!.models.bare, null);
    const nothing = ["x"]; // would be refused if it were read
    assert.equal((await planTexts({ pairs, again: pairs, bare }, [], nothing)).text, null);
    assert.equal((await planTexts({ a: tinySpec("a"), b: tinySpec("b") }, [], nothing)).text, null);
    await assert.rejects(planTexts({ bytes, pairs }, [], nothing), /needs texts of at least 2 sources, got 1 of 1/);
    await assert.rejects(planTexts({ bytes, pairs }, [], ["a", ""]), /text 1 is empty; leave it out/);
    assert.equal((await planTexts({ bytes, pairs }, [], ["ccc", "c a"])).text, null); // as many tokens of each
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
