import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as archbench from "../../lib/mod.ts";

const FOLDER = join(import.meta.dirname!, "..", "cases", "options");

interface Manifest {
  tiny: archbench.ArchSpec;
  rows: archbench.Row[];
  cases: { name: string; function: string; arguments: unknown[]; word: string }[];
}
const manifest: Manifest = JSON.parse(await readFile(join(FOLDER, "manifest.json"), "utf8"));

/** "$tiny" and "$rows" stand for those, `$merge` for more fields of one, and "../" starts a path beside the cases. */
function filled(value: unknown): unknown {
  if (value === "$tiny") return structuredClone(manifest.tiny);
  if (value === "$rows") return structuredClone(manifest.rows);
  if (typeof value === "string" && value.startsWith("../")) return join(FOLDER, value);
  if (Array.isArray(value)) return value.map(filled);
  if (typeof value !== "object" || value === null) return value;
  const { $merge, ...rest } = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filled(one)]));
  return { ...$merge as object | undefined, ...rest };
}

// No process can be started, nothing written or fetched: a call that tries to fails otherwise than it should.
const permissions = { read: true, env: true, sys: true, ffi: true, run: false, write: false, net: false } as const;
const name = "a misspelt, misplaced or impossible option is refused with its name, before anything starts";

Deno.test({
  name,
  permissions,
  fn: async (t) => {
    const model = await archbench.openModel(manifest.tiny, { graphs: [] });
    const objects: Record<string, object> = {
      model,
      quality: new archbench.QualityBenchmark(manifest.tiny),
      bench: new archbench.ArchitectureBenchmark(manifest.tiny),
    };
    try {
      for (const { name, function: path, arguments: given, word } of manifest.cases) {
        await t.step(name, async () => {
          const [first, method] = path.split(".");
          const owner = (method === undefined ? archbench : objects[first]) as Record<string, unknown>;
          const call = owner[method ?? first] as (...args: unknown[]) => unknown;
          const args = given.map(filled);
          const error = await Promise.try(() => call.apply(owner, args)).then(() => null, (error: Error) => error);
          assert.ok(error instanceof TypeError || error instanceof RangeError, `${error}`);
          assert.ok(error.message.includes(word), error.message);
        });
      }
    } finally {
      await model.close();
    }
  },
});
