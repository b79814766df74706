/** Runs the committed notebooks with tiny sizes, on the real model, and looks at every tagged cell. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { findNotebooks, makeReport } from "../../lib/report/main.ts";
import { launchBrowser, visit } from "../browser/browser.ts";
import { type OutputCell, readCells, testFolder } from "./make_notebook.ts";

const PLOTLY = "application/vnd.plotly.v1+json";
const HTML = "text/html";

const TINY = { newTokens: 4, batch: 1, seqLen: 8, rounds: 2, hellaswagRows: 3, textRows: 3, memoryHosts: 1 };

/** For each tag the richest MIME type of each output of its cell. */
const EXPECTED: Record<string, string[]> = {
  parameters: [],
  "injected-parameters": ["text/plain"],
  setup: [HTML],
  memory: [HTML],
  models: [],
  compare: [HTML],
  speed: [PLOTLY],
  quality: [PLOTLY],
  decision: [PLOTLY, HTML],
  summary: [HTML, HTML],
  trust: [HTML],
};

function richest(cell: OutputCell): string[] {
  return (cell.outputs ?? []).map(({ output_type, data = {} }) =>
    [PLOTLY, HTML, "text/plain"].find((mime) => mime in data) ?? output_type
  );
}

Deno.test({
  name: "01_compare runs with tiny sizes, every tagged cell shows its output, and the report draws its figures",
  sanitizeOps: false, // the browser is a process of its own, with pipes that close after it
  sanitizeResources: false,
  async fn() {
    const folder = await testFolder();
    try {
      const out = join(folder, "index.html");
      const parts = await makeReport({ notebooks: await findNotebooks(["01_compare"]), out, params: TINY });
      assert.deepEqual(parts.map((p) => p.failed), [null]);

      const cells = (await readCells(join(folder, "notebooks", "01_compare.ipynb"))).filter((c) =>
        c.cell_type === "code"
      );
      const shown = Object.fromEntries(cells.map((cell) => [cell.metadata.tags?.[0] ?? "untagged", richest(cell)]));
      assert.deepEqual(shown, EXPECTED);

      const browser = await launchBrowser();
      try {
        const { page, requests, errors } = await visit(browser, pathToFileURL(out).href, 1300);
        await page.waitForFunction("document.querySelectorAll('.js-plotly-plot .main-svg').length >= 3");
        const heights = await page.evaluate<number[]>(
          "[...document.querySelectorAll('.js-plotly-plot')].map((e) => e.getBoundingClientRect().height)",
        );
        assert.ok(heights.length === 3 && heights.every((h) => h > 200), `figures: ${heights}`);
        assert.deepEqual([requests, errors], [[], []]);
      } finally {
        await browser.close();
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  },
});

Deno.test("notebooks are committed without outputs, and every code cell has a tag", async () => {
  for (const path of await findNotebooks([])) {
    for (const cell of await readCells(path)) {
      if (cell.cell_type !== "code") continue;
      assert.deepEqual(cell.outputs, [], `${path}: clear all outputs before a commit`);
      assert.ok(
        cell.metadata.tags?.length,
        `${path}: a cell without a tag: ${[cell.source].flat().join("").slice(0, 60)}`,
      );
    }
  }
});
