// Samples that lm-eval wrote of tasks of every form, against its own results (tests/golden/lm_eval_forms.json).
import assert from "node:assert/strict";
import { join } from "node:path";
import { readLmEvalSamples } from "../../../lib/eval/lm_eval/read.ts";
import golden from "../../golden/lm_eval_forms.json" with { type: "json" };

const folder = await Deno.makeTempDir();
const tasks = golden.tasks as Record<string, { results: Record<string, number>; lines: string[] }>;

/** What lm-eval aggregates from pairs, and what some documents lack. */
const LEFT_OUT: Record<string, RegExp> = {
  mcc: /^mcc is left out: the file has no number of it for a document\.$/,
  extra: /^extra is left out: 4 of 6 documents have it\.$/,
};

async function read(task: string, filter?: string, change: (line: string) => string = (line) => line) {
  const path = join(folder, `samples_${task}_2026-01-01T00-00-00.jsonl`);
  await Deno.writeTextFile(path, tasks[task].lines.map(change).join("\n"));
  return await readLmEvalSamples(path, { filter });
}

for (const [task, { results }] of Object.entries(tasks)) {
  Deno.test(`readLmEvalSamples() gives lm-eval's results of the form "${task}"`, async () => {
    for (const [key, want] of Object.entries(results)) {
      const [metric, filter] = key.split(","), { metrics, notes, n } = await read(task, filter);
      assert.equal(n, 6);
      if (metric in LEFT_OUT) {
        assert.equal(metrics[metric], undefined);
        assert.ok(notes.some((note) => LEFT_OUT[metric].test(note)), notes.join("\n"));
        continue;
      }
      const { point } = metrics[metric];
      assert.ok(Math.abs(point - want) <= 1e-9 * Math.max(1, Math.abs(want)), `${key}: ${point}, not ${want}`);
    }
  });
}

Deno.test("right choices are taken from what targets mean in all lines together", async () => {
  const golds = async (task: string) => (await read(task)).items.map((item) => item.gold);
  assert.deepEqual(await golds("truths"), [0, 1, 0, 1, 0, 1]); // False, True: of "no", "yes"
  assert.deepEqual(await golds("truths_first"), [0, 1, 0, 1, 0, 1]); // of "True", "False": True is index 1
  assert.deepEqual(await golds("digits"), [0, 1, 2, 0, 1, 2]); // "1" is a text here, no index
  assert.deepEqual(await golds("contexts"), [0, 1, 0, 1, 0, 1]);
  assert.deepEqual(await golds("three_contexts"), new Array(6).fill(undefined)); // which of three, no line says
  assert.deepEqual(await golds("unlabelled"), [0, undefined, 2, 0, 1, 2]); // -1 is none
  const weighted = await read("weighted");
  assert.deepEqual(weighted.items.map((item) => item.gold), new Array(6).fill(undefined));
  assert.match(weighted.notes[0], /^acc is the file's own: at \d of 6 questions it is not what the likeliest choice/);
});

Deno.test("the lengths of choices are those behind the task's delimiter", async () => {
  const lengths = async (task: string) => (await read(task)).items.map((item) => item.choiceChars);
  const rows = tasks.line_delimiter.lines.map((line) => (JSON.parse(line).doc.c as string[]).map((c) => [...c].length));
  for (const task of ["line_delimiter", "arrow_delimiter", "mutual"]) assert.deepEqual(await lengths(task), rows, task);
  assert.deepEqual(await lengths("letters"), new Array(6).fill([1, 1, 1]));
  assert.deepEqual(await lengths("wide_delimiter"), rows.map((row) => row.toReversed()));
  assert.deepEqual(await lengths("contexts"), new Array(6).fill(undefined)); // the contexts are the choices
});

Deno.test("numbers that JSON lacks are named: a log-likelihood, or a metric of one document", async () => {
  const infinite = (line: string) => line.replaceAll(/"-[\d.]+", "(True|False)"/g, '"-inf", "$1"');
  await assert.rejects(
    read("word", undefined, infinite),
    /line 1: .*finite; the model gave a log-likelihood of -Infin/,
  );
  const { metrics, notes } = await read("custom", undefined, (line) => line.replace('"flag": true', '"flag": NaN'));
  assert.deepEqual(Object.keys(metrics), ["likelihood_diff", "quarter"]);
  assert.match(notes.join("\n"), /flag is left out: \d of 6 documents have it/);
});

Deno.test("a filter that is not there, and metrics of which none is a number, are named", async () => {
  await assert.rejects(read("filters", "loose"), /no row of the filter "loose"; there are strict, flexible, majority/);
  await assert.rejects(read("filters"), /rows of the filters strict, flexible, majority; pass filter/);
  const bleu = (line: string) => line.replaceAll(/, "(score|extra)": [\d.]+/g, "").slice(0, -1);
  await assert.rejects(
    read("partial", undefined, (line) => `${bleu(line)}, "bleu": ["a", "b"]}`),
    /none of their metrics \(bleu\) is a number of each document/,
  );
});
