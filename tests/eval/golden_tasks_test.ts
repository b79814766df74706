// Hashes by lm-eval 0.4.13 over the same rows: tests/golden/tasks_lm_eval.py made them.
import assert from "node:assert/strict";
import { docHash, sha256, targetHash, taskHash } from "../../lib/eval/hashes.ts";
import { perplexity } from "../../lib/eval/metrics.ts";
import { choicePrompt } from "../../lib/eval/prompt.ts";
import { arcChallenge, arcEasy } from "../../lib/eval/tasks/arc.ts";
import { boolq } from "../../lib/eval/tasks/boolq.ts";
import { hellaswag } from "../../lib/eval/tasks/hellaswag.ts";
import { lambadaOpenai } from "../../lib/eval/tasks/lambada_openai.ts";
import { piqa } from "../../lib/eval/tasks/piqa.ts";
import { sciq } from "../../lib/eval/tasks/sciq.ts";
import type { ChoiceTask } from "../../lib/eval/task.ts";
import type { Row } from "../../lib/eval/types.ts";
import { workedExamples } from "../../lib/eval/worked_examples.ts";
import { loadDataset } from "../../lib/store/dataset.ts";
import golden from "../golden/tasks_lm_eval.json" with { type: "json" };
import { sharedFolder } from "../shared.ts";

const joined = (texts: string[]) => sha256(texts.map(sha256).join(""));

/** Rows as lm-eval's own dataset has them: SuperGLUE's label stands where google/boolq has true or false. */
async function rowsOf(task: ChoiceTask): Promise<Row[]> {
  const rows = await loadDataset(task.name, task === hellaswag ? { limit: 50 } : {});
  return task === boolq ? rows.map(({ answer, ...row }) => ({ ...row, label: Number(answer) })) : rows;
}

for (const task of [arcEasy, arcChallenge, piqa, sciq, boolq, hellaswag]) {
  const expected = golden.tasks[task.name as "piqa"];

  Deno.test(`${task.name}: prompts, choices, targets and task hash of the whole split are lm-eval's`, async () => {
    const rows = await rowsOf(task);
    assert.equal(rows.length, expected.rows);
    const prompts = rows.map((row) => choicePrompt(task, row));
    assert.deepEqual(prompts.slice(0, 5).map((p) => sha256(p.context)), expected.first_prompts);
    assert.equal(joined(prompts.map((p) => p.context)), expected.prompts);
    assert.equal(joined(prompts.flatMap((p) => p.continuations)), expected.continuations);
    assert.equal(joined(prompts.map((p) => String(p.gold))), expected.targets);
    const documents = rows.map((row) => task === hellaswag ? { ...row, ...hellaswagFields(row) } : row);
    const hashes = prompts.map((p, i) => ({
      docHash: docHash(documents[i]),
      promptHash: sha256(p.context),
      targetHash: targetHash(p.gold),
    }));
    assert.equal(taskHash(hashes), expected.task_hash);
  });

  Deno.test(`${task.name}: worked examples are drawn as lm-eval draws them, the question itself left out`, async () => {
    const rows = await rowsOf(task), pool = rows.slice(0, golden.pool), asked = rows.slice(0, golden.asked);
    const drawing = { ...task, fewShot: { rule: task.fewShot!.rule, rows: pool } };
    const examples = await workedExamples(drawing, golden.shots, asked.map((row, index) => ({ row, index })));
    const contexts = asked.map((row, i) => choicePrompt(task, row, examples[i]).context);
    assert.deepEqual(contexts.slice(0, 5).map(sha256), expected.few_shot_first_prompts);
    assert.equal(joined(contexts), expected.few_shot_prompts);
  });
}

/** What lm-eval's `process_docs` adds to a row. */
function hellaswagFields(row: Row) {
  const { query, choices, gold } = hellaswag.doc(row);
  return { query, choices, gold };
}

const shared = sharedFolder("datasets");
Deno.test(
  "lambada_openai: prompts and targets of the whole split are lm-eval's",
  { ignore: shared === null },
  async () => {
    const expected = golden.tasks.lambada_openai;
    const rows = await loadDataset(`${shared}/lambada_openai/test.jsonl.gz`);
    assert.equal(rows.length, expected.rows);
    const docs = rows.map((row) => lambadaOpenai.doc(row));
    assert.deepEqual(docs.slice(0, 5).map((d) => sha256(d.context)), expected.first_prompts);
    assert.equal(joined(docs.map((d) => d.context)), expected.prompts);
    assert.equal(joined(docs.map((d) => d.continuation)), expected.continuations);
    assert.equal(joined(docs.map((d) => d.continuation)), expected.targets);
  },
);

Deno.test("perplexity() has lm-eval's point, and by the delta method its bootstrap's stderr", () => {
  const items = Array.from({ length: 200 }, (_, row) => ({
    row,
    goldLogLikelihood: -((row * 37) % 101) / 25,
    correct: 0,
    tokens: 1,
    promptHash: "",
  }));
  const { point, low, high, stderr, n } = perplexity(items, 0.95);
  const { perplexity: expected, bootstrap_stderr, mean_stderr } = golden.perplexity;
  assert.ok(Math.abs(point - expected) < 1e-9);
  assert.ok(Math.abs(stderr! / point - mean_stderr) < 1e-9);
  assert.ok(Math.abs(stderr! / bootstrap_stderr - 1) < 0.01, `${stderr} and ${bootstrap_stderr}`);
  assert.ok(Math.abs(Math.log(high! / point) - Math.log(point / low!)) < 1e-9); // symmetric on the log scale
  assert.equal(n, 200);
});
