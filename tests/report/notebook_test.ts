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

interface NotebookCase {
  name: string;
  params: Record<string, unknown>;
  /** For each tag the richest MIME type of each output of its cell. */
  shown: Record<string, string[]>;
  /** Width of the page in px. */
  width: number;
}

const notebooks: NotebookCase[] = [
  {
    name: "01_compare",
    params: { promptBytes: 64, newBytes: 16, rounds: 2, hellaswagRows: 3, textRows: 3, memoryHosts: 1 },
    shown: {
      setup: [HTML],
      models: [HTML],
      compare: [HTML],
      speed: [PLOTLY],
      quality: [PLOTLY],
      decision: [PLOTLY, HTML],
      forms: [HTML],
      form_decision: [PLOTLY, HTML],
      summary: [HTML, HTML, HTML, HTML],
      memory: [HTML, HTML],
      trust: [HTML, HTML],
    },
    width: 1300,
  },
  {
    name: "02_benchmark_noise",
    params: { newTokens: 4, brokenRuns: 2, warmUpRuns: 1, runs: 4, seqLen: 8, maxRounds: 2, trials: 5 },
    shown: {
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
    },
    width: 390,
  },
  {
    name: "03_quality",
    params: {
      mmluPerSubject: 1,
      shots: 0,
      hellaswagRows: 3,
      problems: 1,
      hintedProblems: 2,
      newTokens: 4,
      texts: 2,
      longTexts: 2,
      longBytes: 600,
    },
    shown: {
      setup: [HTML],
      models: [],
      choices: [PLOTLY],
      scores: [HTML],
      letters: [HTML],
      groups: [HTML],
      paired: [HTML],
      flips: [HTML],
      divergence: [HTML],
      places: [PLOTLY],
      "places-table": [HTML],
      programs: [HTML],
      completions: [HTML],
      hinted: [HTML, HTML],
      greedy: [HTML, HTML],
      "own-task": [HTML],
      again: ["stream"],
    },
    width: 390,
  },
  {
    name: "04_design",
    params: {
      contextLength: 128,
      promptTokens: 8,
      newTokens: 4,
      rounds: 2,
      lengths: [8, 24, 40],
      blocks: 2,
      peakHosts: 2,
      families: ["mamba2-130m"],
      familyRuns: 2,
    },
    shown: {
      setup: [HTML],
      trained: [HTML, HTML],
      architecture: [HTML],
      baseline: [HTML],
      costs: [HTML],
      peaks: [HTML],
      compare: [HTML],
      summary: [HTML, HTML],
      scaling: [PLOTLY, HTML],
      roofline: [PLOTLY, HTML],
    },
    width: 390,
  },
  {
    name: "05_train",
    params: {
      parameters: 120_000,
      contextLength: 128,
      trainTokens: 8 * 4 * 32,
      sequenceTokens: 32,
      batch: 4,
      seeds: 2,
      learningRates: [0.01],
      testTexts: 4,
      promptTokens: 8,
      newTokens: 4,
      rounds: 2,
      lengths: [8, 24, 40],
      blocks: 2,
    },
    shown: {
      setup: [HTML],
      architectures: [HTML, HTML],
      costs: [HTML, HTML],
      training: [PLOTLY, HTML],
      compare: [HTML],
      scaling: [PLOTLY, HTML],
      decision: [PLOTLY, HTML],
    },
    width: 390,
  },
];

/** Progress bars come and go with the machine's speed; they are no result. */
function results(cell: OutputCell): string[] {
  return (cell.outputs ?? []).filter((o) => !(o as { metadata?: { archbench?: object } }).metadata?.archbench)
    .map(({ output_type, data = {} }) => [PLOTLY, HTML, "text/plain"].find((mime) => mime in data) ?? output_type);
}

for (const { name, params, shown, width } of notebooks) {
  Deno.test({
    name: `${name} runs with tiny sizes, every tagged cell shows its output, and the report draws its figures`,
    sanitizeOps: false, // the browser is a process of its own, with pipes that close after it
    sanitizeResources: false,
    async fn() {
      const folder = await testFolder();
      try {
        const out = join(folder, "index.html");
        const parts = await makeReport({ notebooks: await findNotebooks([name]), out, params });
        assert.deepEqual(parts.map((p) => p.failed), [null]);

        const cells = (await readCells(join(folder, "notebooks", `${name}.ipynb`))).filter((c) =>
          c.cell_type === "code"
        );
        const found = Object.fromEntries(cells.map((cell) => [cell.metadata.tags?.[0] ?? "untagged", results(cell)]));
        assert.deepEqual(found, { parameters: [], "injected-parameters": ["text/plain"], ...shown });

        const figures = Object.values(shown).flat().filter((mime) => mime === PLOTLY).length;
        const browser = await launchBrowser();
        try {
          const { page, requests, errors } = await visit(browser, pathToFileURL(out).href, width);
          await page.waitForFunction(`document.querySelectorAll(".js-plotly-plot .main-svg").length >= ${figures}`);
          const heights = await page.evaluate<number[]>(
            "[...document.querySelectorAll('.js-plotly-plot')].map((e) => e.getBoundingClientRect().height)",
          );
          assert.ok(heights.length === figures && heights.every((h) => h > 200), `figures: ${heights}`);
          assert.deepEqual([requests, errors], [[], []]);
        } finally {
          await browser.close();
        }
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  });
}

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
