/** Small notebooks for tests, in a folder of their own below the project's cache. */
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { cacheDir, projectRoot } from "../../lib/store/paths.ts";

export interface TestCell {
  code?: string;
  markdown?: string;
  tags?: string[];
}

/** A new folder in the cache, so that the kernel finds deno.json above it. */
export async function testFolder(): Promise<string> {
  await mkdir(cacheDir("tests"), { recursive: true });
  return await mkdtemp(join(cacheDir("tests"), "report-"));
}

/** Writes `cells` as a notebook; returns its path. */
export async function makeNotebook(folder: string, name: string, cells: TestCell[]): Promise<string> {
  const notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: "deno", display_name: "Deno", language: "typescript" } },
    cells: cells.map(({ code, markdown, tags = [] }, i) => ({
      id: `cell-${i}`,
      cell_type: code === undefined ? "markdown" : "code",
      metadata: { tags },
      source: code ?? markdown,
      ...(code === undefined ? {} : { outputs: [], execution_count: null }),
    })),
  };
  const path = join(folder, `${name}.ipynb`);
  await writeFile(path, JSON.stringify(notebook));
  return path;
}

/** URL of a file of the project, for imports in cells. */
export function fileUrl(path: string): string {
  return pathToFileURL(join(projectRoot(), path)).href;
}

export interface OutputCell {
  cell_type: string;
  source: string | string[];
  metadata: { tags?: string[] };
  outputs?: {
    output_type: string;
    text?: string | string[];
    data?: Record<string, unknown>;
    ename?: string;
  }[];
}

/** The cells of a run notebook. */
export async function readCells(path: string): Promise<OutputCell[]> {
  return JSON.parse(await Deno.readTextFile(path)).cells;
}

/** What a cell wrote to stdout. */
export function streamText(cell: OutputCell): string {
  return (cell.outputs ?? []).filter((o) => o.output_type === "stream").flatMap((o) => o.text ?? []).join("");
}
