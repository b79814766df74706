import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from "@zip.js/zip.js";
import { positionCurve } from "../../../lib/compare/position/position_curve.ts";
import { pyodideFolder } from "../../../lib/eval/pyodide_folder.ts";
import golden from "../../golden/position_smollm2.json" with { type: "json" };

/** The text of the golden file: from a line of a file of Python's library on. */
async function goldenText(): Promise<string> {
  const zip = new ZipReader(new Uint8ArrayReader(await readFile(join(pyodideFolder(), "python_stdlib.zip"))));
  const entry = (await zip.getEntries()).find(({ filename }) => filename === golden.file)!;
  assert.ok(!entry.directory);
  const source = new TextDecoder().decode(await entry.getData(new Uint8ArrayWriter(), { useWebWorkers: false }));
  await zip.close();
  return source.split("\n").slice(golden.line - 1).join("\n");
}

Deno.test("SmolLM2-135M's bits in every bin are those of transformers, to 0.01 %", async () => {
  const text = await goldenText(), length = golden.edges.at(-1)!;
  const texts = [text, { text: text.slice(200), source: "another" }];
  const curve = await positionCurve({ smollm2: "smollm2-135m" }, { texts, length, store: null });
  const { raw: { edges, texts: [read], models } } = curve;
  assert.deepEqual([edges, read.bytes], [golden.edges, golden.bytes]);
  models.smollm2.bits[0].forEach((bits, bin) => {
    const want = golden.bits[bin];
    assert.ok(Math.abs(bits / want - 1) < 1e-4, `bin ${bin}: ${bits} bits, transformers ${want}`);
  });
});
