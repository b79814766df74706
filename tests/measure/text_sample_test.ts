import assert from "node:assert/strict";
import { loadDataset } from "../../lib/store/dataset.ts";
import { textSample } from "../../lib/measure/text_sample.ts";

Deno.test("the default texts are rows of the whole split, without WikiHow's marks, a source each or shared", async () => {
  const { texts, sources, data, sha256 } = await textSample();
  assert.equal(texts.length, 500);
  assert.equal(data, "hellaswag validation, contexts with their right endings, every 20th row, 500 of 10042");
  const [row] = await loadDataset("hellaswag", { rows: [9980] }); // the last of them, from WikiHow
  assert.equal(sources[499], row.source_id);
  assert.ok(String(row.ctx).includes("[header]") && texts.every((text) => !/\[\w+\]| {2}/.test(text)));
  assert.ok(texts[499].endsWith(String((row.endings as string[])[Number(row.label)]).split("]").at(-1)!.trim()));
  assert.equal((await textSample()).sha256, sha256);
});

Deno.test("texts of one's own have their sources, or are one each", async () => {
  const { sources, data } = await textSample(["a", { text: "b", source: "x" }, { text: "c", source: "x" }]);
  assert.deepEqual(sources, ["text 0", "x", "x"]);
  assert.equal(data, "3 texts that were passed");
  await assert.rejects(
    textSample([{ text: "a", source: "x" }, { text: "b", source: "x" }]),
    /at least 2 sources, got 2 of 1/,
  );
});
