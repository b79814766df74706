import assert from "node:assert/strict";
import { join } from "node:path";
import { type Check, gate } from "./ok.ts";

/** A project of two files, whose checks are Deno's own. */
async function project(files: Record<string, string>) {
  const path = await Deno.makeTempDir({ prefix: "archbench-gate-" });
  for (const [name, text] of Object.entries({ "deno.json": "{}\n", ...files })) {
    await Deno.writeTextFile(join(path, name), text);
  }
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

const setup: Check = ["setup", "eval", ""];
const checks: Check[] = [["format", "fmt", "--check"], ["types", "check", "a.ts"]];

async function run(path: string, parts: Partial<Parameters<typeof gate>[0]> = {}) {
  let tested = 0;
  const tests = () => Promise.resolve((tested++, { passed: 5, failed: 0 }));
  const said: string[] = [];
  const counts = await gate({ setup, checks, tests, ...parts }, path, (text) => said.push(text));
  return { counts, tested, said: said.join("\n") };
}

Deno.test("gate() counts each step before the tests as one of them", async () => {
  await using folder = await project({ "a.ts": "export const a: number = 1;\n" });
  const { counts, said, tested } = await run(folder.path);
  assert.deepEqual([counts, tested], [{ passed: 8, failed: 0 }, 1]);
  assert.match(said, /^setup: passed\n(format: passed\ntypes: passed|types: passed\nformat: passed)$/);
});

Deno.test("gate() goes on behind a step that fails, shows what it says, and names it at the end", async () => {
  await using folder = await project({ "a.ts": 'export const a : number = "1";\n' });
  const { counts, said, tested } = await run(folder.path);
  assert.deepEqual([counts, tested], [{ passed: 6, failed: 2 }, 1]);
  assert.match(said, /not formatted[^]*format: failed/);
  assert.match(said, /TS2322[^]*types: failed/);
  assert.match(said, /before the tests these failed: format, types$/);
});

Deno.test("gate() adds tests that fail, and ends at a setup that does", async () => {
  await using folder = await project({ "a.ts": "export const a: number = 1;\n" });
  const tests = () => Promise.resolve({ passed: 4, failed: 2 });
  assert.deepEqual((await run(folder.path, { tests })).counts, { passed: 7, failed: 2 });
  const { counts, tested, said } = await run(folder.path, { setup: ["setup", "eval", "Deno.exit(1)"] });
  assert.deepEqual([counts, tested], [{ passed: 0, failed: 1 }, 0]);
  assert.equal(said, "setup: failed");
});

Deno.test("a check that does not exist, or is ended by a signal, has failed", async () => {
  await using folder = await project({});
  const checks: Check[] = [["gone", "run", "gone.ts"], ["killed", "eval", "Deno.kill(Deno.pid, 'SIGKILL')"]];
  assert.deepEqual((await run(folder.path, { checks })).counts, { passed: 6, failed: 2 });
});
