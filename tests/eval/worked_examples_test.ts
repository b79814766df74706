import assert from "node:assert/strict";
import { arcEasy } from "../../lib/eval/tasks/arc.ts";
import { hellaswag } from "../../lib/eval/tasks/hellaswag.ts";
import { mmlu } from "../../lib/eval/tasks/mmlu.ts";
import { piqa } from "../../lib/eval/tasks/piqa.ts";
import type { ChoiceTask } from "../../lib/eval/task.ts";
import { setEnv } from "../store/hub_server.ts";
import { temporaryFolder } from "../store/helpers.ts";
import { workedExamples } from "../../lib/eval/worked_examples.ts";

// Draws of a pool's row numbers by CPython's random.Random(1234), as lm-eval 0.4.13 makes them.
const pool = (n: number) => Array.from({ length: n }, (_, at) => ({ at }));
const asked = (...indexes: number[]) => indexes.map((index) => ({ row: { asked: index }, index }));
const drawing = (task: ChoiceTask, n: number): ChoiceTask => ({
  ...task,
  fewShot: { ...task.fewShot!, rows: pool(n) },
});
const drawn = async (task: ChoiceTask, shots: number, rows: ReturnType<typeof asked>) =>
  (await workedExamples(task, shots, rows)).map((rows) => rows!.map((row) => row.at));

Deno.test("workedExamples() goes on drawing from question to question, as lm-eval with seed 1234", async () => {
  assert.deepEqual(await drawn(drawing(arcEasy, 2251), 5, asked(0, 1, 2)), [
    [1805, 478, 30, 371, 143],
    [343, 403, 1452, 969, 71],
    [126, 64, 1417, 1983, 1898],
  ]);
  assert.deepEqual(await drawn(drawing(arcEasy, 2251), 5, asked(0, 1)), [ // a limit keeps the first draws
    [1805, 478, 30, 371, 143],
    [343, 403, 1452, 969, 71],
  ]);
});

Deno.test("workedExamples() draws one more where a task has no test split, also from the train split", async () => {
  assert.deepEqual(await drawn(drawing(hellaswag, 39905), 5, asked(0, 1)), [
    [28883, 7657, 490, 5940, 38156], // and 2288
    [5500, 6450, 23241, 15519, 1142], // and 2019
  ]);
});

Deno.test("workedExamples() leaves the question itself out of what was drawn", async () => {
  const task = drawing(piqa, 10); // draws 7, 1, 0 for the first question
  assert.deepEqual(await drawn(task, 2, [{ row: { at: 1 } as never, index: 0 }]), [[7, 0]]);
});

Deno.test("workedExamples() draws in the order of the split, whatever the order of the rows asked for", async () => {
  const [late, early] = await drawn(drawing(arcEasy, 10), 3, asked(8, 2));
  assert.deepEqual([early, late], [[7, 1, 0], [1, 0, 9]]);
});

Deno.test("mmlu's examples are the first dev rows of the same subject", async () => {
  const rows = ["virology", "anatomy", "alchemy"].map((subject) => ({ row: { subject }, index: 0, subject }));
  const [virology, anatomy, alchemy] = await workedExamples(mmlu, 2, rows);
  assert.deepEqual(virology!.map((row) => row.subject), ["virology", "virology"]);
  assert.deepEqual(anatomy!.map((row) => row.subject), ["anatomy", "anatomy"]);
  assert.equal(alchemy, undefined);
});

Deno.test("shots that there are no rows for are refused, with where the rows would come from", async () => {
  await using folder = await temporaryFolder();
  const restore = setEnv({ ARCHBENCH_CACHE: folder.path }); // where nothing was fetched
  await assert.rejects(
    workedExamples(arcEasy, 5, asked(0)),
    /shots must be 0, got 5: the train rows of arc_easy are not on this machine\. They come from hf:allenai\/ai2_arc\/ARC-Easy.*; loadDataset\("arc_easy", { split: "train" }\) fetches them/,
  ).finally(restore);
  await assert.rejects(workedExamples(drawing(arcEasy, 0), 1, asked(0)), /shots must be 0, got 1: .* are empty/);
  await assert.rejects(workedExamples(drawing(arcEasy, 3), 4, asked(0)), /shots must be at most 3, .*, got 4/);
  await assert.rejects(workedExamples(drawing(piqa, 3), 3, asked(0)), /shots must be at most 2, .*, got 3/); // one more is drawn
  await assert.rejects(workedExamples({ ...arcEasy, fewShot: undefined }, 1, asked(0)), /it has no rows to take/);
  assert.deepEqual(await workedExamples(drawing(arcEasy, 0), 0, asked(0)), [[]]); // none are needed
});
