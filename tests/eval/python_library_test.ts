import assert from "node:assert/strict";
import { libraryTexts, wholeCharacters } from "../../lib/eval/python_library.ts";

Deno.test("Python's library has enough long texts, one a file, and more are the same and others", async () => {
  const texts = await libraryTexts({ bytes: 6 * 8192, limit: 1000, seed: 0 });
  assert.ok(texts.length >= 40, `${texts.length} texts of 8,192 tokens`);
  assert.equal(new Set(texts.map(({ source }) => source)).size, texts.length);
  for (const { text } of texts) assert.equal(new TextEncoder().encode(text).length, 6 * 8192);
  assert.ok(texts.some(({ text }) => !text.startsWith('"""')), "they begin anywhere");
  const few = await libraryTexts({ bytes: 6 * 8192, limit: 3, seed: 0 });
  assert.deepEqual(few, texts.slice(0, 3));
  assert.notDeepEqual(await libraryTexts({ bytes: 6 * 8192, limit: 3, seed: 1 }), few);
});

Deno.test("a piece is named by its file and line, with the file's hash", async () => {
  const texts = await libraryTexts({ bytes: 30_000, limit: 1000, seed: 0 });
  const argparse = texts.find(({ source }) => source === "argparse.py")!;
  // sha256sum of the member of node_modules/pyodide/python_stdlib.zip
  assert.equal(argparse.fileSha256, "7b73a121353cca465b96265ba256b7c5b92f18e3b2fb2d9a5a950e227b7fccf5");
  assert.match(argparse.name, /^argparse\.py:\d+$/);
  assert.ok(!texts.some(({ source }) => source.startsWith("encodings/")), "tables are no texts");
});

Deno.test("a character that the end cuts is left out", () => {
  const bytes = new TextEncoder().encode("a한😀");
  assert.deepEqual([8, 7, 4, 3, 1, 0].map((n) => wholeCharacters(bytes.subarray(0, n))), [
    "a한😀",
    "a한",
    "a한",
    "a",
    "a",
    "",
  ]);
});
