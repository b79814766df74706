/**
 * Types of notebook cells: each notebook's code becomes a module beside it (so that its relative imports hold), Deno
 * checks that, and its complaints come back with notebook, cell and line. The kernel itself checks no types.
 */
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { projectRoot } from "../store/paths.ts";
import { run } from "../store/python.ts";

interface Notebook {
  cells: { cell_type: string; id?: string; source: string | string[] }[];
}

/** A notebook's code as one module. */
export interface ExtractedCells {
  code: string;
  /** For each line of `code`, 0-based: the cell's number among all cells and the line in it, both from 1. */
  lines: ({ cell: number; id: string; line: number } | null)[];
}

/**
 * All code cells in order, as one TypeScript module. A name that two cells declare is an error there, though the kernel
 * allows it: in an essay it would be a surprise.
 *
 * @throws {SyntaxError} If `text` is not a notebook.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { extractCells } from "./cells.ts";
 *
 * const notebook = { cells: [{ cell_type: "markdown", source: "# Title" }, { cell_type: "code", id: "a", source: "1 + 1" }] };
 * const { code, lines } = extractCells(JSON.stringify(notebook), "demo.ipynb");
 * assert.equal(code, ";\n1 + 1\nexport {};\n");
 * assert.deepEqual(lines[1], { cell: 2, id: "a", line: 1 });
 * ```
 */
export function extractCells(text: string, name: string): ExtractedCells {
  let notebook: Notebook;
  try {
    notebook = JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`Cannot read the notebook ${name}: ${(error as Error).message}`);
  }
  if (!Array.isArray(notebook?.cells)) throw new SyntaxError(`Cannot read the notebook ${name}: it has no cells`);
  const code: string[] = [];
  const lines: ExtractedCells["lines"] = [];
  notebook.cells.forEach(({ cell_type, id = "", source }, i) => {
    if (cell_type !== "code") return;
    code.push(";"); // the cell before may end without one
    lines.push(null);
    (typeof source === "string" ? source : source.join("")).split("\n").forEach((line, k) => {
      code.push(line);
      lines.push({ cell: i + 1, id, line: k + 1 });
    });
  });
  return { code: [...code, "export {};", ""].join("\n"), lines };
}

/**
 * Check the types of all notebooks in a folder.
 *
 * @returns Deno's complaints, with notebook and cell; empty where there are none.
 */
export async function checkNotebooks(folder: string = join(projectRoot(), "notebooks")): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".ipynb")).sort();
  if (!names.length) return "";
  const extracts = new Map<string, { name: string; lines: ExtractedCells["lines"] }>();
  try {
    for (const name of names) {
      const { code, lines } = extractCells(await readFile(join(folder, name), "utf8"), name);
      const file = join(folder, `${basename(name, ".ipynb")}.extracted.ts`);
      extracts.set(file, { name, lines });
      await writeFile(file, code);
    }
    const { ok, text } = await run([Deno.execPath(), "check", "--quiet", ...extracts.keys()], {
      cwd: projectRoot(),
      env: { NO_COLOR: "1" },
    });
    return ok ? "" : namePlaces(text, extracts);
  } finally {
    for (const file of extracts.keys()) await rm(file, { force: true });
  }
}

/** Puts "01_compare.ipynb, cell 3 (id abc), line 2" where Deno named a line of an extract. */
function namePlaces(text: string, extracts: Map<string, { name: string; lines: ExtractedCells["lines"] }>): string {
  for (const [file, { name, lines }] of extracts) {
    const url = pathToFileURL(file).href;
    for (const path of [url, file, relative(projectRoot(), file)]) {
      text = text.replaceAll(new RegExp(`${RegExp.escape(path)}:(\\d+):(\\d+)`, "g"), (_, line, column) => {
        const place = lines[Number(line) - 1];
        return place ? `${name}, cell ${place.cell} (id ${place.id}), line ${place.line}, column ${column}` : name;
      });
    }
  }
  return text;
}

if (import.meta.main) {
  const complaints = await checkNotebooks();
  if (complaints) console.error(complaints);
  Deno.exit(complaints ? 1 : 0);
}
