/**
 * `task report`: rerun every notebook (or those named) from a clean kernel, and write report/index.html.
 *
 *     deno run -A lib/report/main.ts [--params JSON|@FILE] [--out FILE] [NOTEBOOK...]
 */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { endOnInterrupt, shortPath, stoppedWords } from "../progress.ts";
import { projectRoot, resultsFile } from "../store/paths.ts";
import { writeWhole } from "../store/whole_file.ts";
import { Narrator } from "./narrator.ts";
import { paramsOf } from "./params.ts";
import { duration, reportPage, type ReportPart } from "./page.ts";
import { exportNotebook, type RunEvent, runNotebook } from "./run_notebook.ts";

export interface MakeReportOptions {
  /** Paths of notebooks, in the report's order. */
  notebooks: string[];
  /** Path of the page. */
  out: string;
  /** Each notebook gets those that it takes. */
  params?: Record<string, unknown>;
  /** Folder of the notebooks with their outputs. Default: `notebooks` beside the page. */
  executed?: string;
  onEvent?: (notebook: string, event: RunEvent) => void;
  /** Ends the notebook that runs, and the report with it. */
  signal?: AbortSignal;
}

/**
 * Run the notebooks one after the other and write the page; a failed one is in it, with its reason.
 *
 * @throws {TypeError} For a parameter that no notebook takes, or of another kind than its own. Nothing is run.
 */
export async function makeReport(options: MakeReportOptions): Promise<ReportPart[]> {
  const { notebooks, out, params = {}, onEvent, signal } = options;
  const own = await paramsOf(notebooks, params); // before the first of them runs
  const folder = options.executed ?? join(dirname(out), "notebooks");
  const startedAt = new Date();
  const parts: ReportPart[] = [];
  for (const [i, notebook] of notebooks.entries()) {
    const name = basename(notebook, ".ipynb");
    const executed = join(folder, `${name}.ipynb`);
    const run = await runNotebook(notebook, executed, {
      params: own[i],
      signal,
      onEvent: (event) => onEvent?.(name, event),
    });
    parts.push({ name, ...await exportNotebook(executed), seconds: run.seconds, failed: run.failed });
  }
  const plotly = await readFile(join(projectRoot(), "node_modules", "plotly.js-dist-min", "plotly.min.js"), "utf8");
  await writeWhole(out, reportPage(parts, { startedAt, plotly, params }));
  return parts;
}

/**
 * Paths of the notebooks that were named ("01_compare", with or without .ipynb), or of all.
 *
 * @throws {RangeError} On an unknown name; the message lists what there is.
 */
export async function findNotebooks(names: string[], folder = join(projectRoot(), "notebooks")): Promise<string[]> {
  const all = (await readdir(folder)).filter((f) => f.endsWith(".ipynb")).sort();
  for (const name of names) {
    if (!all.includes(`${basename(name, ".ipynb")}.ipynb`)) {
      throw new RangeError(`Unknown notebook "${name}": there are ${all.map((f) => basename(f, ".ipynb")).join(", ")}`);
    }
  }
  const wanted = names.map((name) => `${basename(name, ".ipynb")}.ipynb`);
  return all.filter((f) => !names.length || wanted.includes(f)).map((f) => join(folder, f));
}

/** JSON of an object, or `@file` with it. */
async function readParams(text: string): Promise<Record<string, unknown>> {
  const json = text.startsWith("@") ? await readFile(text.slice(1), "utf8") : text;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new SyntaxError(`Cannot read --params ${text}: ${(error as Error).message}; give a JSON object or @file`);
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new TypeError(`Cannot use --params ${text}: it must be a JSON object, such as '{"rounds": 20}'`);
  }
  return value as Record<string, unknown>;
}

/** Time that a kernel has to end after Ctrl-C. */
const END_MS = 10_000;

const USAGE = "task report [--params JSON|@FILE] [--out FILE] [NOTEBOOK...]";

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { params: { type: "string" }, out: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) {
    const known = (await findNotebooks([])).map((path) => basename(path, ".ipynb"));
    console.log(`${USAGE}\nThere are: ${known.join(", ")}; without a name all of them run.`);
    return 0;
  }
  const out = resolve(values.out ?? join(projectRoot(), "report", "index.html"));
  const narrator = new Narrator((text) => void Deno.stdout.writeSync(new TextEncoder().encode(text)), {
    terminal: Deno.stdout.isTerminal(),
  });
  const start = performance.now(), interrupt = new AbortController();
  const making = makeReport({
    notebooks: await findNotebooks(positionals),
    out,
    params: values.params === undefined ? undefined : await readParams(values.params),
    onEvent: (notebook, event) => narrator.tell(notebook, event),
    signal: interrupt.signal,
  });
  const kept = [resultsFile("archbench.sqlite"), join(dirname(out), "notebooks")];
  endOnInterrupt(() => stoppedWords(kept.filter((path) => existsSync(path)), narrator.place), async () => {
    interrupt.abort();
    const ended = making.then(() => {}, () => {}), late = new Promise<void>((done) => setTimeout(done, END_MS));
    await Promise.race([ended, late]);
  });
  // After Ctrl-C the line that says so ends the process.
  const parts = await making.catch((error) => {
    if (!interrupt.signal.aborted) throw error;
    return new Promise<never>(() => {});
  });
  const failed = parts.filter((p) => p.failed);
  for (const { name, failed: f } of failed) console.error(`${name}: cell ${f!.cell} failed: ${f!.reason}`);
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `${shortPath(out)}: ${parts.length - failed.length} of ${parts.length} notebooks in ${duration(seconds)}`,
  );
  return failed.length ? 1 : 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(1);
  }
}
