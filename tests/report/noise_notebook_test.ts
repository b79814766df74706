/** Runs 02_benchmark_noise with tiny sizes, on the real model, and looks at every tagged cell. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { findNotebooks, makeReport } from "../../lib/report/main.ts";
import { launchBrowser, visit } from "../browser/browser.ts";
import { type OutputCell, readCells, testFolder } from "./make_notebook.ts";

const PLOTLY = "application/vnd.plotly.v1+json";
const HTML = "text/html";

const TINY = { newTokens: 4, brokenRuns: 2, warmUpRuns: 1, runs: 4, seqLen: 8, maxRounds: 2, trials: 5 };

/** For each tag the richest MIME type of each output of its cell. */
const EXPECTED: Record<string, string[]> = {
  parameters: [],
  "injected-parameters": ["text/plain"],
  setup: [HTML],
  broken: [],
  correct: [HTML],
  requests: [PLOTLY],
  autocorrelation: [PLOTLY],
  sequential: [PLOTLY, HTML],
  rounds: [HTML],
  order: [HTML],
  spread: [PLOTLY],
  noise: [HTML],
  "warm-up": [PLOTLY],
  simulation: [HTML],
  planning: [HTML],
};

/** Progress bars come and go with the machine's speed; they are no result. */
function results(cell: OutputCell): string[] {
  return (cell.outputs ?? []).filter((o) => !(o as { metadata?: { archbench?: object } }).metadata?.archbench)
    .map(({ output_type, data = {} }) => [PLOTLY, HTML, "text/plain"].find((mime) => mime in data) ?? output_type);
}

Deno.test({
  name: "02_benchmark_noise runs with tiny sizes, every tagged cell shows its output, and the report draws its figures",
  sanitizeOps: false, // the browser is a process of its own, with pipes that close after it
  sanitizeResources: false,
  async fn() {
    const folder = await testFolder();
    try {
      const out = join(folder, "index.html");
      const parts = await makeReport({ notebooks: await findNotebooks(["02_benchmark_noise"]), out, params: TINY });
      assert.deepEqual(parts.map((p) => p.failed), [null]);

      const cells = (await readCells(join(folder, "notebooks", "02_benchmark_noise.ipynb"))).filter((c) =>
        c.cell_type === "code"
      );
      const shown = Object.fromEntries(cells.map((cell) => [cell.metadata.tags?.[0] ?? "untagged", results(cell)]));
      assert.deepEqual(shown, EXPECTED);

      const browser = await launchBrowser();
      try {
        const { page, requests, errors } = await visit(browser, pathToFileURL(out).href, 390);
        await page.waitForFunction("document.querySelectorAll('.js-plotly-plot .main-svg').length >= 5");
        const heights = await page.evaluate<number[]>(
          "[...document.querySelectorAll('.js-plotly-plot')].map((e) => e.getBoundingClientRect().height)",
        );
        assert.ok(heights.length === 5 && heights.every((h) => h > 200), `figures: ${heights}`);
        assert.deepEqual([requests, errors], [[], []]);
      } finally {
        await browser.close();
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  },
});
