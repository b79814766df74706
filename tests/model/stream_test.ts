import assert from "node:assert/strict";
import { openModel } from "../../lib/model/open_model.ts";
import { sureLength } from "../../lib/model/stream.ts";
import { someIds, tinySpec } from "./tiny_spec.ts";

Deno.test("stream() gives the text of generate() piece by piece, and the generation at the end", async () => {
  const model = await openModel({ ref: tinySpec(), seed: 2 }, { threads: 1 });
  try {
    const [full] = await model.generate(someIds.slice(0, 8), { maxNewTokens: 40, ignoreEos: true });
    // A stop string that is met in the middle, and none.
    for (const stop of [[], [full.text.slice(6, 8)]]) {
      const options = { maxNewTokens: 40, ignoreEos: true, stop };
      const [want] = await model.generate(someIds.slice(0, 8), options);
      const stream = model.stream(someIds.slice(0, 8), { ...options, chunk: 3 });
      const pieces: string[] = [];
      let step = await stream.next();
      for (; !step.done; step = await stream.next()) pieces.push(step.value);
      assert.equal(pieces.join(""), want.text);
      assert.deepEqual(step.value, want);
      if (!stop.length) assert.ok(pieces.length > 5, "it comes in pieces");
    }
    await assert.rejects(model.stream([], {}).next(), /the prompt is empty/);
  } finally {
    await model.close();
  }
});

const texts: [string, string[], string][] = [
  ["all of a plain text", [], "hello"],
  ["not an unfinished character", [], "caf\ufffd"],
  ["not what may become a stop string", ["\n\nQ:", "END"], "answer\n"],
  ["not the longer start of a stop string", ["abab"], "xaba"],
];
const sure = ["hello", "caf", "answer", "x"];

for (const [i, [what, stop, text]] of texts.entries()) {
  Deno.test(`a stream gives ${what}`, () => assert.equal(text.slice(0, sureLength(text, stop)), sure[i]));
}
