/**
 * Types of notebook cells: each notebook's code becomes a module beside it (so that its relative imports hold), Deno
 * checks that, and its complaints come back with notebook, cell and line. The kernel itself checks no types.
 */
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { projectRoot } from "../store/paths.ts";
import { checkExtracts } from "./extracts.ts";

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
  return await checkExtracts(
    await Promise.all(names.map(async (name) => {
      const { code, lines } = extractCells(await readFile(join(folder, name), "utf8"), name);
      const places = lines.map((at) => at && `cell ${at.cell} (id ${at.id}), line ${at.line}`);
      return { module: join(folder, `${basename(name, ".ipynb")}.extracted.ts`), code, name, places };
    })),
  );
}

if (import.meta.main) {
  const complaints = await checkNotebooks();
  if (complaints) console.error(complaints);
  Deno.exit(complaints ? 1 : 0);
}
