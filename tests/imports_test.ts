import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { projectRoot } from "../lib/store/paths.ts";
import { circlesOf } from "./imports_circles.ts";

/** A room may use itself and those before it. */
const ORDER = [
  ...["check", "stats", "progress", "progress.ts", "onnx", "store", "arch", "cost", "model", "train"],
  ...["measure", "eval", "compare", "view", "report", "mod.ts"],
];
/** Rooms that use less than what stands before them. */
const ONLY: Record<string, string[]> = {
  "check": [],
  "stats": ["check"],
  "progress": ["check"],
  "progress.ts": ["progress"],
  "onnx": [],
  "store": ["check", "progress.ts"],
  "measure": ORDER.slice(0, ORDER.indexOf("train")),
  "eval": ORDER.slice(0, ORDER.indexOf("train")),
};

/** [importing file, imported path] of all imports inside lib, both relative to it; examples in comments left out. */
async function importsOfLib(): Promise<[string, string][]> {
  const lib = join(projectRoot(), "lib");
  const files = (await readdir(lib, { recursive: true })).filter((name) => name.endsWith(".ts"));
  const found: [string, string][] = [];
  for (const file of files) {
    const code = (await readFile(join(lib, file), "utf8")).replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
    for (const [, path] of code.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*"(\.[^"]+)"/g)) {
      found.push([file, relative(lib, join(lib, dirname(file), path))]);
    }
  }
  return found;
}

Deno.test("imports point one way: each room uses only rooms above it", async () => {
  const room = (path: string) => path.split(/[/\\]/)[0];
  const imports = (await importsOfLib()).filter(([, path]) => !path.startsWith(".."));
  assert.ok(imports.length > 20, "the pattern for imports finds too little");
  const wrong = imports.filter(([file, path]) => {
    const [from, to] = [room(file), room(path)];
    const allowed = ONLY[from] ?? ORDER.slice(0, ORDER.indexOf(from));
    return from !== to && !allowed.includes(to);
  });
  assert.deepEqual(wrong, []);
});

Deno.test("no file of lib imports itself by way of others, for a type either", async () => {
  assert.deepEqual(circlesOf(await importsOfLib()).map((circle) => circle.join(" -> ")), []);
});

Deno.test("a circle of imports is found and named by its shortest way round", () => {
  const imports = ["ab", "bc", "cd", "da", "ca", "xa", "yy"].map(([from, to]): [string, string] => [from, to]);
  assert.deepEqual(circlesOf(imports), [["a", "b", "c", "a"], ["y", "y"]]);
  assert.deepEqual(circlesOf(imports.slice(0, 3)), []);
});

const LIBRARIES: Record<string, string> = { "onnxruntime-node": "session.ts", "tokenizers": "native_tokenizer.ts" };

for (const [library, user] of Object.entries(LIBRARIES)) {
  Deno.test(`one file alone imports ${library}`, async () => {
    const lib = join(projectRoot(), "lib");
    const files = (await readdir(lib, { recursive: true })).filter((name) => name.endsWith(".ts"));
    const users = [];
    for (const file of files) {
      const code = await readFile(join(lib, file), "utf8");
      if (new RegExp(`(from |import\\(?)"${library}"`).test(code)) users.push(file);
    }
    assert.deepEqual(users, [join("model", user)]);
  });
}
