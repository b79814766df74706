import assert from "node:assert/strict";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkExamples, extractExamples } from "../../lib/report/examples.ts";
import { projectRoot } from "../../lib/store/paths.ts";

/** A Markdown text of these blocks: what stands behind the fence, and the code. */
function markdown(...blocks: [fence: string, code: string][]): string {
  return "# Title\n" + blocks.map(([fence, code]) => `\nProse.\n\n\`\`\`${fence}\n${code}\n\`\`\`\n`).join("");
}

/** Complaints about a file with these blocks, which lies inside the project, so that its deno.json is found. */
async function complaints(...blocks: [string, string][]): Promise<string> {
  const folder = await Deno.makeTempDir({ dir: join(projectRoot(), "data"), prefix: "examples-test-" });
  try {
    const path = join(folder, "demo.md");
    await writeFile(path, markdown(...blocks));
    const text = await checkExamples([path]);
    assert.deepEqual(await readdir(folder), ["demo.md"], "nothing is left behind");
    return text;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

Deno.test("extractExamples() takes ts blocks alone, marked ignore or not, and each import once", () => {
  const { code } = extractExamples(markdown(
    ["sh", "npx nothing"],
    ["ts", 'import { a, type B } from "./x.ts";\nimport * as y from "./y.ts";\na();'],
    ["json", "{}"],
    [
      "ts ignore",
      'import {\n  a,\n  c,\n} from "./x.ts";\nimport type { B, D } from "./x.ts";\nimport * as y from "./y.ts";\nc();',
    ],
  ));
  assert.deepEqual(code.split("\n").filter((line) => line.startsWith("import")), [
    'import { a, type B } from "./x.ts";',
    'import * as y from "./y.ts";',
    'import { c } from "./x.ts";',
    'import { type D } from "./x.ts";',
  ]);
  assert.equal(code.replaceAll(/\n+/g, "\n").split("\n").slice(4).join(" "), "{ a(); { c(); } } export {}; ");
});

Deno.test("checkExamples() names file and line of a wrong type, in a block that Deno leaves out, too", async () => {
  const text = await complaints(["ts", "const a = 1;"], ["ts ignore", "\nconst b: string = a;"]);
  assert.match(text, /TS2322/);
  assert.match(text, /data\/examples-test-\w+\/demo\.md, line 13, column 7/);
});

Deno.test("checkExamples() names the line of an import of what is not there", async () => {
  const text = await complaints(["ts", "const a = 1;"], [
    "ts ignore",
    'import { noSuchName } from "../../lib/store/paths.ts";',
  ]);
  assert.match(text, /noSuchName/);
  assert.match(text, /demo\.md, line 12, column 10/);
});

Deno.test("checkExamples() lets blocks use names of earlier blocks, and declare them anew", async () => {
  const blocks: [string, string][] = [
    ["ts ignore", "const list = await Promise.resolve([1]);"],
    ["ts ignore", 'const list = "text";\nlist.toUpperCase();'],
    ["ts", "const again = list.length;"],
  ];
  assert.equal(await complaints(...blocks), "");
});
