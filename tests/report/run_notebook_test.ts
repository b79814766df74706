import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { makeReport } from "../../lib/report/main.ts";
import { type RunEvent, runNotebook } from "../../lib/report/run_notebook.ts";
import { makeNotebook, readCells, streamText, testFolder } from "./make_notebook.ts";

Deno.test("runNotebook() puts parameters after their cell and tells of every cell", async () => {
  const folder = await testFolder();
  try {
    const notebook = await makeNotebook(folder, "small", [
      { markdown: "# Small" },
      { code: "const params = { rows: 100 };", tags: ["parameters"] },
      { code: "console.log(`rows ${params.rows}`)", tags: ["result"] },
    ]);
    const events: RunEvent[] = [];
    const out = join(folder, "out.ipynb");
    const run = await runNotebook(notebook, out, { params: { rows: 3 }, onEvent: (e) => events.push(e) });
    assert.deepEqual([run.ok, run.failed], [true, null]);
    assert.equal(streamText((await readCells(out)).find((c) => c.metadata.tags?.includes("result"))!), "rows 3\n");
    const names = events.flatMap((e) => e.event === "cell" ? [`${e.number}/${e.total} ${e.name}`] : []);
    assert.deepEqual(names, ["1/3 parameters", "2/3 injected-parameters", "3/3 result"]);
    await assert.rejects(
      makeNotebook(folder, "plain", [{ code: "1" }]).then((n) => runNotebook(n, out, { params: { rows: 3 } })),
      /plain.ipynb takes no parameters/,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

Deno.test("makeReport() writes a failed notebook with the cell and the reason, and goes on with the next", async () => {
  const folder = await testFolder();
  try {
    const notebooks = [
      await makeNotebook(folder, "bad", [
        { markdown: "# Bad" },
        { code: "console.log('before')" },
        { code: "throw new RangeError('no <model> here')", tags: ["measure"] },
        { code: "console.log('never')" },
      ]),
      await makeNotebook(folder, "good", [{ markdown: "# Good" }, { code: "'fine'" }]),
    ];
    const out = join(folder, "index.html");
    const parts = await makeReport({ notebooks, out });
    assert.deepEqual(parts.map((p) => p.failed), [
      { cell: "measure", number: 2, reason: "RangeError: no <model> here" },
      null,
    ]);
    const html = await Deno.readTextFile(out);
    assert.match(html, /<strong>Failed in cell measure<\/strong>: RangeError: no &lt;model&gt; here/);
    assert.match(html, /<strong>Good<\/strong>/);
    assert.ok(html.includes("before"));
  } finally {
    await rm(folder, { recursive: true });
  }
});
