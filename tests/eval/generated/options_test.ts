import assert from "node:assert/strict";
import { checkGenerate } from "../../../lib/eval/generated/options.ts";
import { humaneval } from "../../../lib/eval/tasks/humaneval.ts";
import { fakeTask } from "./fakes.ts";

Deno.test("checkGenerate() takes the task's preset, and what is given beside it wins", () => {
  const plain = checkGenerate(fakeTask);
  assert.deepEqual(plain, {
    preset: "greedy",
    samples: 1,
    temperature: 0,
    topP: 1,
    maxNewTokens: 16,
    seeds: [0],
    k: [1],
    truncation: "lines",
    stop: ["\n"],
    sandbox: {},
    level: 0.95,
    notes: [],
  });
  const own = checkGenerate(fakeTask, { preset: "drawn", temperature: 0.7, seeds: [3, 4], truncation: "none", k: [2] });
  assert.deepEqual(
    [own.samples, own.temperature, own.topP, own.seeds, own.stop, own.k, own.notes],
    [4, 0.7, 0.9, [3, 4], [], [2], []],
  );
});

Deno.test("checkGenerate() refuses what is out of range, with the value and the fix", () => {
  const refused: [Parameters<typeof checkGenerate>[1], RegExp][] = [
    [{ preset: "chapte" }, /Unknown preset "chapte" of echo; there are: greedy, drawn/],
    [{ preset: "toString" }, /Unknown preset/],
    [{ truncation: "bigcode" }, /Unknown truncation "bigcode" of echo; there are: lines, none/],
    [{ samples: 0 }, /samples must be an integer >= 1, got 0/],
    [{ samples: 1.5 }, /samples must be/],
    [{ temperature: -1 }, /temperature must be a number from 0 to 1000, got -1/],
    [{ temperature: NaN }, /temperature must be/],
    [{ topP: 0 }, /topP must be a number above 0 and at most 1, got 0/],
    [{ topP: 1.1 }, /topP must be/],
    [{ maxNewTokens: 0 }, /maxNewTokens must be an integer >= 1/],
    [{ seeds: [] }, /seeds must have at least 1 entry, got 0/],
    [{ seeds: [1, 1], temperature: 1 }, /seeds has 1 twice; list each once/],
    [{ seeds: [0.5] }, /seeds\[0\] must be an integer >= 0, got 0\.5/],
    [{ shots: 5 }, /shots must be 0/],
    [{ level: 1 }, /level must be/],
    [{ k: [] }, /k must have at least 1 entry, got 0/],
    [{ k: [0] }, /k\[0\] must be an integer >= 1, got 0/],
    [{ preset: "drawn", k: [1, 1] }, /k has 1 twice/],
    [{ preset: "drawn", k: [5] }, /pass@5 needs at least 5 programs a problem, and there are 4 \(samples x seeds\)/],
    [{ samples: 10 }, /at temperature 0 the 10 programs of a problem .* would be copies/],
    [{ seeds: [0, 1] }, /at temperature 0 the 2 programs/],
  ];
  for (const [options, message] of refused) {
    assert.throws(() => checkGenerate(fakeTask, options), (error) => {
      assert.ok(error instanceof RangeError, JSON.stringify(options));
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("checkGenerate() counts the samples of all seeds for k, and says when they are few", () => {
  assert.deepEqual(checkGenerate(fakeTask, { preset: "drawn", seeds: [0, 1], k: [8, 4] }).notes, [
    "pass@8 comes from 8 programs a problem, fewer than 2k = 16: it is unbiased, but each problem's value is coarse",
  ]);
});

Deno.test("checkGenerate() leaves out a preset's k that fewer samples cannot give, with a note", () => {
  const { k, notes } = checkGenerate(fakeTask, { preset: "drawn", samples: 2 });
  assert.deepEqual(k, [1]);
  assert.deepEqual(notes, ["pass@4 is left out: it needs 4 programs a problem, and there are 2"]);
});

Deno.test("humaneval has lm-eval's, its 64-sample form's and the chapter's settings", () => {
  const some = (preset: string) => {
    const { samples, temperature, topP, maxNewTokens, k } = checkGenerate(humaneval, { preset });
    return [samples, temperature, topP, maxNewTokens, k];
  };
  assert.deepEqual(some("lm-eval"), [1, 0, 1, 1024, [1]]);
  assert.deepEqual(some("lm-eval-64"), [64, 0.2, 0.95, 1024, [2, 8, 16, 32, 64]]);
  assert.deepEqual(some("chapter"), [10, 0.2, 0.95, 200, [10, 1]]);
  assert.equal(checkGenerate(humaneval).preset, "lm-eval");
});
