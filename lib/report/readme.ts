/**
 * Puts the last report's numbers into README.md: the machine, the comparison's table and the decision chart of
 * notebook 01, between the marks `<!-- results -->` and `<!-- /results -->`.
 *
 *     deno run -A lib/report/readme.ts        after task report
 */
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectRoot } from "../store/paths.ts";
import { run } from "../store/python.ts";
import { escapeMarkdown } from "../view/escape.ts";
import { launchBrowser } from "./browser.ts";

const FIGURE = "data/decision.svg";
const START = "<!-- results -->";
const END = "<!-- /results -->";
const WIDTH_PX = 860;

interface RunCell {
  metadata: { tags?: string[] };
  outputs?: { data?: Record<string, unknown> }[];
}

/** README's text with `block` between the marks. */
export function withResults(readme: string, block: string): string {
  const [start, end] = [readme.indexOf(START), readme.indexOf(END)];
  if (start < 0 || end < start) throw new SyntaxError(`Cannot update README.md: it has no ${START} ... ${END}`);
  return `${readme.slice(0, start + START.length)}\n${block.trim()}\n${readme.slice(end)}`;
}

/** First output of that MIME type of the cell with that tag. */
function output(cells: RunCell[], tag: string, mime: string): unknown {
  const cell = cells.find((c) => c.metadata.tags?.includes(tag));
  const data = cell?.outputs?.map((o) => o.data?.[mime]).find((d) => d !== undefined);
  if (data === undefined) {
    throw new Error(`Cell ${tag} of the run notebook has no ${mime}; run: npx deno@2.8.1 task report`);
  }
  return Array.isArray(data) ? data.join("") : data;
}

/** A plotly figure as SVG, drawn by Chromium. */
async function figureSvg(figure: { layout: { height?: number } }): Promise<string> {
  const plotly = await readFile(join(projectRoot(), "node_modules", "plotly.js-dist-min", "plotly.min.js"), "utf8");
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: WIDTH_PX, height: 800 } });
    await page.setContent("<!DOCTYPE html><div id=plot></div>");
    await page.addScriptTag({ content: plotly });
    const size = { width: WIDTH_PX, height: figure.layout.height ?? 540 };
    const url = await page.evaluate<string>(
      `Plotly.toImage(${JSON.stringify(figure)}, { format: "svg", ...${JSON.stringify(size)} })`,
    );
    return decodeURIComponent(url.slice(url.indexOf(",") + 1));
  } finally {
    await browser.close();
  }
}

if (import.meta.main) {
  const root = projectRoot();
  const path = join(root, "report", "notebooks", "01_compare.ipynb");
  const cells: RunCell[] = JSON.parse(await readFile(path, "utf8")).cells;
  const day = (await stat(path)).mtime.toISOString().slice(0, 10);
  const figure = output(cells, "decision", "application/vnd.plotly.v1+json") as { layout: { height?: number } };
  await writeFile(join(root, FIGURE), await figureSvg(figure) + "\n");
  const block = [
    output(cells, "compare", "text/markdown"),
    `![Bits per byte against decode speed of SmolLM2-135M and Gemma 3 270M](${FIGURE})`,
    `**${escapeMarkdown(String(output(cells, "decision", "text/plain")))}**`,
    `Run on ${day} on this machine:`,
    output(cells, "setup", "text/markdown"),
  ].join("\n\n");
  await writeFile(join(root, "README.md"), withResults(await readFile(join(root, "README.md"), "utf8"), block));
  await run([Deno.execPath(), "fmt", "--quiet", join(root, "README.md"), join(root, FIGURE)], { cwd: root });
  console.log(`README.md and ${FIGURE} hold the run of ${day}`);
}
