import assert from "node:assert/strict";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkNotebooks, extractCells } from "../../lib/report/cells.ts";
import { projectRoot } from "../../lib/store/paths.ts";

/** A notebook of these code cells. */
function notebook(...cells: string[]): string {
  return JSON.stringify({ cells: cells.map((source, i) => ({ cell_type: "code", id: `c${i}`, source })) });
}

async function withNotebook(text: string, use: (folder: string) => Promise<void>): Promise<void> {
  // inside the project, so that its deno.json is found
  const folder = await Deno.makeTempDir({ dir: join(projectRoot(), "notebooks"), prefix: "cells-test-" });
  try {
    await writeFile(join(folder, "demo.ipynb"), text);
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

Deno.test("extractCells() joins lines given as a list, and leaves out prose", () => {
  const text = JSON.stringify({
    cells: [
      { cell_type: "markdown", source: ["let x: string = 1"] },
      { cell_type: "code", id: "a", source: ["const a = 1\n", "a"] },
    ],
  });
  const { code, lines } = extractCells(text, "demo.ipynb");
  assert.equal(code, ";\nconst a = 1\na\nexport {};\n");
  assert.deepEqual(lines[2], { cell: 2, id: "a", line: 2 });
});

Deno.test("extractCells() of something else names the notebook", () => {
  assert.throws(() => extractCells("{", "demo.ipynb"), /SyntaxError: Cannot read the notebook demo\.ipynb/);
  assert.throws(() => extractCells("{}", "demo.ipynb"), /demo\.ipynb: it has no cells/);
});

Deno.test("checkNotebooks() names notebook, cell and line of a wrong type, and leaves nothing behind", async () => {
  await withNotebook(notebook("const ok = 1;", "const a = ok;\nconst b: string = a;"), async (folder) => {
    const complaints = await checkNotebooks(folder);
    assert.match(complaints, /TS2322/);
    assert.match(complaints, /demo\.ipynb, cell 2 \(id c1\), line 2, column 7/);
    assert.deepEqual(await readdir(folder), ["demo.ipynb"]);
  });
});

Deno.test("checkNotebooks() lets cells use names and top-level await of earlier cells", async () => {
  await withNotebook(notebook("const a = await Promise.resolve([1])", "[a[0].toFixed()]"), async (folder) => {
    assert.equal(await checkNotebooks(folder), "");
  });
});
