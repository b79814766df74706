import assert from "node:assert/strict";
import { judgeContent, judgeSize, largestId } from "../../lib/model/tokenizer_json.ts";

const judge = (tokenizer: Record<string, unknown>) => judgeContent({ model: {}, ...tokenizer }, "t.json");

Deno.test("a file is judged by its sizes before it is read", () => {
  judgeSize(33_000_000, "t.json");
  assert.throws(() => judgeSize(100_000_001, "t.json"), {
    name: "RangeError",
    message: "Cannot read t.json: 100000001 bytes are more than any tokenizer has (100000000 are read)",
  });
  judge({ model: { vocab: { a: 0 }, merges: [["a", "a"]] }, added_tokens: [] });
  const many = new Array(2 ** 24); // holes: 16 million tokens without their memory
  for (
    const [tokenizer, message] of [
      [{ model: { vocab: many } }, /its model\.vocab has 16777216 tokens, more than any tokenizer has/],
      [{ model: { merges: many } }, /its model\.merges has 16777216 merges/],
      [{ added_tokens: many }, /its added_tokens has 16777216 tokens/],
      [{ decoder: nested(120) }, /its JSON has 101 objects inside one another/],
    ] as const
  ) assert.throws(() => judge(tokenizer), { name: "RangeError", message });
  judge({ decoder: nested(90) });
});

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

Deno.test("the largest id is that of a vocabulary, a list of pieces, or an added token", () => {
  const added_tokens = [{ id: 9, content: "x" }];
  assert.equal(largestId({ model: { vocab: { a: 0, b: 7 } } }), 7);
  assert.equal(largestId({ model: { vocab: [["a", -1], ["b", -2], ["c", -3]] } }), 2);
  assert.equal(largestId({ model: { vocab: { a: 0 } }, added_tokens }), 9);
  assert.equal(largestId({ model: {} }), -1);
});
