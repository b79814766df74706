/** Code that stands in other files, a notebook or a README, as modules that Deno can check. */
import { rm, writeFile } from "node:fs/promises";
import { relative } from "node:path";
import { pathToFileURL } from "node:url";
import { projectRoot } from "../store/paths.ts";
import { run } from "../store/python.ts";

/** One module; its name should end in `.extracted.ts`, which git, the formatter and the linter leave out. */
export interface Extract {
  /** Absolute path: beside the file that the code is from, so that its relative imports hold. */
  module: string;
  code: string;
  /** The file that the code is from, and for each line of `code` where it stands in there ("line 3"), if it does. */
  name: string;
  places: (string | null)[];
}

/**
 * Check the types of extracted code. The modules are written for it, and removed again.
 *
 * @returns Deno's complaints, with the places that the code is from; empty where there are none.
 */
export async function checkExtracts(extracts: Extract[]): Promise<string> {
  if (!extracts.length) return "";
  try {
    for (const { module, code } of extracts) await writeFile(module, code);
    const { ok, text } = await run([Deno.execPath(), "check", "--quiet", ...extracts.map(({ module }) => module)], {
      cwd: projectRoot(),
      env: { NO_COLOR: "1" },
    });
    return ok ? "" : extracts.reduce(namePlaces, text);
  } finally {
    for (const { module } of extracts) await rm(module, { force: true });
  }
}

/** Puts "01_compare.ipynb, cell 3 (id abc), line 2" where Deno named a line of an extract. */
function namePlaces(text: string, { module, name, places }: Extract): string {
  const url = pathToFileURL(module).href;
  for (const path of [url, module, relative(projectRoot(), module)]) {
    const at = new RegExp(`(?<![\\w./-])${RegExp.escape(path)}:(\\d+):(\\d+)`, "g"); // not the end of a longer path
    text = text.replaceAll(at, (_, line, column) => {
      const place = places[Number(line) - 1];
      return place ? `${name}, ${place}, column ${column}` : name;
    });
  }
  return text;
}
