import assert from "node:assert/strict";
import { join } from "node:path";
import { ResultStore, type TwinRun } from "../../lib/store/results.ts";

const run = (changes: Partial<TwinRun> = {}): TwinRun => ({
  startedAt: "2026-01-02T03:04:05.000Z",
  machine: "cpu x 2",
  model: "tiny",
  config: "p5_l64",
  metric: "decodeTokensPerS",
  pairs: [{ block: 0, candidate: 10.1, baseline: 10 }, { block: 1, candidate: 9.9, baseline: 10 }],
  ...changes,
});

Deno.test("twins are kept over openings, once each, and read by machine", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "deep", "results.sqlite");
    const later = run({ startedAt: "2026-02-01T00:00:00.000Z" });
    new ResultStore(path).saveTwins([later, run(), run({ machine: "another" })]);
    new ResultStore(path).saveTwins([run()]);
    assert.deepEqual(new ResultStore(path).twins("cpu x 2"), [run(), later]);
    assert.deepEqual(new ResultStore(path).twins("none"), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("checkWritable() names a path that cannot be written, and what to do", async () => {
  const file = await Deno.makeTempFile();
  try {
    const path = join(file, "results.sqlite"); // below a file, not a folder
    assert.throws(() => new ResultStore(path).checkWritable(), (error: Error) => {
      assert.ok(error.message.startsWith(`Cannot keep results in ${path}: `), error.message);
      assert.match(error.message, /set ARCHBENCH_RESULTS to a folder that can be written/);
      return true;
    });
  } finally {
    await Deno.remove(file);
  }
});
