import assert from "node:assert/strict";
import { checkGenerate } from "../../../lib/eval/generated/options.ts";
import { batchesOf, readProblems } from "../../../lib/eval/generated/plan.ts";
import type { TaskOptions } from "../../../lib/eval/task_options.ts";
import { fakeTask, rowsOf } from "./fakes.ts";

Deno.test("readProblems() fails rows alone, with row and field", () => {
  const { problems, failed } = readProblems(fakeTask, rowsOf("a", 7, "b"));
  assert.deepEqual(problems.map(({ row, prompt }) => [row, prompt]), [[0, "a"], [2, "b"]]);
  assert.deepEqual(failed, [{ row: 1, reason: 'echo row 1: field "prompt" must be text' }]);
  assert.throws(
    () => readProblems(fakeTask, rowsOf(1, 2)),
    /none of 2 rows can be read; echo row 0: .*A row has: prompt/,
  );
});

const batches = (options: TaskOptions, ...prompts: string[]) =>
  batchesOf(readProblems(fakeTask, rowsOf(...prompts)).problems, checkGenerate(fakeTask, options));
const runs = (options: TaskOptions, ...prompts: string[]) => batches(options, ...prompts).flat();

Deno.test("batchesOf() takes one seed after the other, some programs at once", () => {
  const prompts = Array.from({ length: 20 }, (_, i) => `p${i}`);
  const made = batches({ preset: "drawn", seeds: [5, 6] }, ...prompts); // 4 samples: 16 problems of 64 programs
  assert.deepEqual(made.map((batch) => batch.length), [16, 4, 16, 4]);
  assert.deepEqual(made.map((batch) => batch[0].seed), [5, 5, 6, 6]);
  assert.deepEqual(made[0].concat(made[1]).map((run) => run.problem.prompt), prompts);
  assert.deepEqual(batches({ preset: "drawn", samples: 100 }, "a", "b").map((batch) => batch.length), [1, 1]);
});

Deno.test("a larger limit or more seeds keep the keys of full batches, others name those beside them", () => {
  const prompts = Array.from({ length: 20 }, (_, i) => `p${i}`);
  const keys = (options: TaskOptions, n: number) =>
    new Set(runs({ preset: "drawn", ...options }, ...prompts.slice(0, n)).map((run) => run.key));
  const all = keys({ seeds: [1, 2] }, 20);
  assert.equal(all.size, 40);
  assert.equal(keys({ seeds: [2] }, 20).intersection(all).size, 20);
  assert.equal(keys({ seeds: [2] }, 18).intersection(all).size, 16);
});

Deno.test("a run's draws depend on its seed and prompt, not on the rows beside it", () => {
  const alone = runs({}, "b")[0], [a, b] = runs({}, "a", "b"), other = runs({ seeds: [1] }, "b")[0];
  assert.equal(alone.drawSeed, b.drawSeed);
  assert.notEqual(a.drawSeed, b.drawSeed);
  assert.notEqual(other.drawSeed, b.drawSeed);
  const seeds = runs({ preset: "drawn", seeds: [0, 1, 2] }, "a", "b").map((run) => run.drawSeed);
  assert.equal(new Set(seeds).size, 6);
  assert.ok(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32));
});

Deno.test("a run's key is of all that its programs and verdicts depend on", () => {
  const base: TaskOptions = { preset: "drawn" };
  const key = (options: TaskOptions) => runs({ ...base, ...options }, "a")[0].key;
  const changed: TaskOptions[] = [
    { seeds: [1] },
    { samples: 5 },
    { temperature: 0.3 },
    { topP: 1 },
    { maxNewTokens: 17 },
    { truncation: "none" },
    { sandbox: { timeoutS: 1 } },
    { sandbox: { mode: "run" } },
  ];
  assert.equal(new Set([{}, ...changed].map(key)).size, changed.length + 1);
  const same: TaskOptions[] = [{ k: [1] }, { level: 0.9 }, { sandbox: { workers: 4 } }, {
    sandbox: { timeoutS: undefined },
  }];
  assert.deepEqual(new Set(same.map(key)), new Set([key({})]));
  const tested = (test: string) =>
    batchesOf(
      readProblems(fakeTask, [{ row: { prompt: "a", test }, index: 0 }]).problems,
      checkGenerate(fakeTask),
    )[0][0].key;
  assert.notEqual(tested("1"), tested("2")); // other tests, other verdicts
});
