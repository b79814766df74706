import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { makeReport } from "../../lib/report/main.ts";
import { fileUrl, makeNotebook, testFolder } from "../report/make_notebook.ts";
import { launchBrowser, visit } from "./browser.ts";

const IMPORTS = `
import { fakeComparison } from "${fileUrl("tests/view/fake_comparison.ts")}";
import { show } from "${fileUrl("lib/view/display.ts")}";
import { showComparison } from "${fileUrl("lib/view/comparison_view.ts")}";
import { decisionPlot, decisionSentence } from "${fileUrl("lib/view/decision_plot.ts")}";
import { qualityPlot } from "${fileUrl("lib/view/quality_plot.ts")}";
import { speedPlot } from "${fileUrl("lib/view/speed_plot.ts")}";
const comparison = fakeComparison({ int4: "int4 </script><b>" });
const limits = { memoryGb: 0.7, decodeTokensPerS: 30 };`;

/** A report of two notebooks with every kind of figure. */
async function smallReport(folder: string): Promise<string> {
  const notebooks = [
    await makeNotebook(folder, "01_views", [
      { markdown: "# Which one?\n\nProse with `code` before a cell." },
      { code: IMPORTS },
      { markdown: "## Result" },
      { code: "showComparison(comparison)" },
      { code: "speedPlot(comparison)" },
      { code: "await show(decisionPlot(comparison, limits), decisionSentence(comparison, limits));" },
    ]),
    await makeNotebook(folder, `02 "more" & <b>it's [a](b)`, [{ markdown: "# More\n\n## Result" }, {
      code: IMPORTS + "\nqualityPlot(comparison)",
    }]),
  ];
  const out = join(folder, "index.html");
  const parts = await makeReport({ notebooks, out });
  assert.deepEqual(parts.map((p) => p.failed), [null, null]);
  return out;
}

Deno.test({
  name: "the report opens with no network, draws every plot and complains about nothing, wide and narrow",
  sanitizeOps: false, // the browser is a process of its own, with pipes that close after it
  sanitizeResources: false,
  async fn() {
    const folder = await testFolder();
    const browser = await launchBrowser();
    try {
      const url = pathToFileURL(await smallReport(folder)).href;
      for (const width of [1300, 390]) {
        const { page, requests, errors } = await visit(browser, url, width);
        await page.waitForFunction("document.querySelectorAll('.js-plotly-plot .main-svg').length >= 3");
        const heights = await page.evaluate<number[]>(
          "[...document.querySelectorAll('.js-plotly-plot')].map((e) => e.getBoundingClientRect().height)",
        );
        assert.equal(heights.length, 3, `three figures at ${width} px`);
        assert.ok(heights.every((h) => h > 200), `figures drawn at ${width} px: ${heights}`);
        const wider = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
        assert.ok(wider <= 0, `the page is ${wider} px wider than ${width} px`);
        assert.deepEqual(
          await page.evaluate(
            `[...document.querySelectorAll("nav a")].map((a) => [a.textContent, a.hash, a.hash === "#" +
            document.getElementById(decodeURIComponent(a.hash.slice(1)))?.id])`,
          ),
          [
            ["Which one?", "#01_views", true],
            ["Result", "#01_views-2", true],
            ["More", "#02-more-b-it-s-a-b-", true],
            ["Result", "#02-more-b-it-s-a-b--2", true],
          ],
        );
        const shown = await page.evaluate<string[]>(
          "[...document.querySelectorAll('section > p')].map((p) => p.textContent)",
        );
        assert.ok(shown[1].startsWith(`02 "more" & <b>it's [a](b).ipynb, run in `), shown[1]);
        const share = await page.evaluate<number>(
          "document.querySelectorAll('.modebar-btn[data-title^=Share]').length",
        );
        assert.equal(share, 0, "no figure offers to send its data away");
        assert.deepEqual(requests, []);
        assert.deepEqual(errors, []);
        await page.close();
      }
    } finally {
      await browser.close();
      if (!Deno.env.get("KEEP_REPORT")) await rm(folder, { recursive: true });
    }
  },
});
