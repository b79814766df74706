/** Guards the pin of Deno: kernels from 2.8.2 on lose cell output, or put it in another cell. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { runNotebook } from "../../lib/report/run_notebook.ts";
import { makeNotebook, readCells, streamText, testFolder } from "./make_notebook.ts";

Deno.test("the kernel loses no line of five cells that print 100 lines each", async () => {
  const folder = await testFolder();
  try {
    const notebook = await makeNotebook(
      folder,
      "lines",
      [0, 1, 2, 3, 4].map((cell) => ({ code: `for (let i = 0; i < 100; i++) console.log("cell ${cell} line", i)` })),
    );
    const out = join(folder, "out.ipynb");
    await runNotebook(notebook, out);
    (await readCells(out)).forEach((cell, index) => {
      const lines = Array.from({ length: 100 }, (_, i) => `cell ${index} line ${i}\n`).join("");
      assert.equal(streamText(cell), lines);
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
