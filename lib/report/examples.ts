/**
 * Types of the examples in Markdown files. Deno checks no block that is marked `ts ignore`, and each other one alone;
 * here all blocks of a file are one text, in which a later block may use the names of the earlier ones.
 *
 *     deno run -A lib/report/examples.ts        README.md, and the Markdown files in data/
 */
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { projectRoot } from "../store/paths.ts";
import { checkExtracts } from "./extracts.ts";

/** A file's examples as one module. */
export interface ExtractedExamples {
  code: string;
  /** For each line of `code`, 0-based: its line in the file, from 1. */
  lines: (number | null)[];
}

const BLOCK = /^```ts\b[^\n]*\n([^]*?)^```$/gm;
const IMPORT = /^import\s[^;]*;/gm;
const NAMED = /^import (type )?\{([^}]*)\} from (".*");$/;

/**
 * All ts blocks of a Markdown text in order, marked `ignore` or not: first their imports, each name once, then the
 * blocks, each inside the one before it, so that it knows that one's names and may declare them anew.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { extractExamples } from "./examples.ts";
 *
 * const fence = "`".repeat(3);
 * const text = `${fence}ts\nconst a = 1;\n${fence}\nThen:\n${fence}ts ignore\nimport { f } from "./f.ts";\nf(a);\n${fence}\n`;
 * const { code, lines } = extractExamples(text);
 * assert.equal(code, 'import { f } from "./f.ts";\n{\nconst a = 1;\n{\n\nf(a);\n}\n}\nexport {};\n');
 * assert.equal(lines[code.split("\n").indexOf("f(a);")], 7);
 * ```
 */
export function extractExamples(markdown: string): ExtractedExamples {
  const lineAt = (index: number) => markdown.slice(0, index).split("\n").length;
  const imports: ExtractedExamples = { code: "", lines: [] }, body: ExtractedExamples = { code: "", lines: [] };
  const add = (to: ExtractedExamples, code: string, line: number | null) => {
    to.code += `${code}\n`;
    code.split("\n").forEach((_, i) => to.lines.push(line === null ? null : line + i));
  };
  const known = new Set<string>();
  const blocks = [...markdown.matchAll(BLOCK)];
  for (const { 0: fenced, 1: code, index } of blocks) {
    const start = index + fenced.indexOf("\n") + 1;
    for (const { 0: statement, index } of code.matchAll(IMPORT)) {
      const wanted = newNames(statement.replaceAll(/\s+/g, " "), known);
      if (wanted) add(imports, wanted, lineAt(start + index));
    }
    add(body, "{", null);
    add(body, code.replaceAll(IMPORT, (text) => text.replaceAll(/[^\n]/g, "")).trimEnd(), lineAt(start));
  }
  for (const _ of blocks) add(body, "}", null);
  add(body, "export {};", null);
  return { code: imports.code + body.code, lines: [...imports.lines, ...body.lines] };
}

/** An import without the names that were imported already, or null if it has no other. */
function newNames(statement: string, known: Set<string>): string | null {
  const [, type = "", list, from] = NAMED.exec(statement) ?? [];
  const names = list?.split(",").map((name) => name.trim()).filter((name) => name !== "").map((name) => type + name);
  const wanted = (names ?? [statement]).filter((name) => {
    const key = `${name} of ${from}`;
    return !known.has(key) && known.add(key);
  });
  if (!wanted.length) return null;
  return names ? `import { ${wanted.join(", ")} } from ${from};` : statement;
}

/**
 * Check the types of the examples of Markdown files.
 *
 * @param paths Absolute.
 * @returns Deno's complaints, with file and line; empty where there are none.
 */
export async function checkExamples(paths: string[]): Promise<string> {
  return await checkExtracts(
    await Promise.all(paths.map(async (path) => {
      const { code, lines } = extractExamples(await readFile(path, "utf8"));
      const places = lines.map((line) => line === null ? null : `line ${line}`);
      return {
        module: join(dirname(path), `${basename(path, ".md")}.extracted.ts`),
        code,
        name: relative(projectRoot(), path),
        places,
      };
    })),
  );
}

if (import.meta.main) {
  const root = projectRoot();
  const data = (await readdir(join(root, "data"))).filter((name) => name.endsWith(".md")).map((name) =>
    join("data", name)
  );
  const complaints = await checkExamples(["README.md", ...data].map((name) => join(root, name)));
  if (complaints) console.error(complaints);
  Deno.exit(complaints ? 1 : 0);
}
