import assert from "node:assert/strict";
import { defineTask, type TaskDefinition } from "../../lib/eval/define_task.ts";
import { QualityBenchmark } from "../../lib/eval/quality_benchmark.ts";
import { findTask } from "../../lib/eval/registry.ts";
import { taskTable } from "../../lib/eval/task_table.ts";
import type { ScoreRequest } from "../../lib/model/log_likelihood.ts";
import { FakeHost } from "./fake_host.ts";

/** Evaluates on a fake that prefers continuations with this word; gives its requests too. */
async function evaluate(name: string, rows: Record<string, unknown>[], word: string, shots?: number) {
  const text = (r: ScoreRequest) => "continuation" in r ? r.continuation : "";
  const host = new FakeHost((r) => text(r).includes(word) ? -1 : -10);
  const quality = new QualityBenchmark("fake", {}, () => Promise.resolve(host));
  return { result: await quality.evaluateTask(name, rows, { shots }), seen: host.seen };
}

Deno.test("defineTask() makes a task of a template, a field of choices and a metric", async () => {
  defineTask({
    name: "capitals",
    about: "capitals of countries",
    prompt: "Country: {{country}}\nCapital:",
    choices: "options.cities",
    answer: "right",
    metrics: ["acc_norm", "acc"],
    cluster: "continent",
  });
  const rows = [
    { country: "France", options: { cities: ["Rome", "Paris"] }, right: "B", continent: "Europe" },
    { country: "Peru", options: { cities: ["Lima", "Paris"] }, right: 0, continent: "America" },
    { country: "Chad", options: { cities: ["Oslo", "Oslo"] }, right: 0 },
    { options: { cities: ["a", "b"] }, right: 0 },
  ];
  const { result, seen } = await evaluate("capitals", rows, "Paris");
  assert.deepEqual(seen[1], { context: "Country: France\nCapital:", continuation: " Paris" });
  assert.deepEqual(result.items.map((i) => [i.correct, i.cluster]), [[1, "Europe"], [0, "America"]]);
  assert.deepEqual(Object.keys(result.metrics), ["acc_norm", "acc"]);
  assert.deepEqual(result.failed, [
    { row: 2, reason: 'capitals row 2: choices 0 and 1 are the same, "Oslo"' },
    { row: 3, reason: 'capitals row 3: field "country" must be text, it is missing' },
  ]);
  assert.deepEqual(taskTable(["capitals"]), [{
    task: "capitals",
    about: "capitals of countries",
    kind: "choice",
    metrics: ["acc_norm", "acc"],
    shots: 0,
    dataset: null,
    split: "test",
    lmEvalUses: null,
    license: null,
  }]);
});

Deno.test("defineTask() takes templates as choices, functions, and worked examples of its own", async () => {
  const fewShot = { rule: "first_n" as const, rows: [{ a: 1, b: 2, sum: 3 }] };
  defineTask({
    name: "sums",
    prompt: (row) => `${row.a} + ${row.b} =`,
    choices: ["{{sum}}", "zero"],
    answer: 0,
    description: "Add.\n\n",
    fewShot,
    shots: 1,
  });
  const { seen, result } = await evaluate("sums", [{ a: 2, b: 2, sum: 4 }], "4");
  assert.deepEqual(seen, [
    { context: "Add.\n\n1 + 2 = 3\n\n2 + 2 =", continuation: " 4" },
    { context: "Add.\n\n1 + 2 = 3\n\n2 + 2 =", continuation: " zero" },
  ]);
  assert.equal(result.shots, 1);
  assert.deepEqual((await evaluate("sums", [{ a: 2, b: 2, sum: 4 }], "4", 0)).seen[0], {
    context: "Add.\n\n2 + 2 =",
    continuation: " 4",
  });
});

Deno.test("defineTask() makes tasks of one continuation, and of whole texts", async () => {
  defineTask({ name: "proverbs", prompt: "{{start}}", continuation: "{{end}}" });
  const { result, seen } = await evaluate("proverbs", [{ start: "All is well that", end: "ends well" }], "ends");
  assert.deepEqual(seen, [{ context: "All is well that", continuation: " ends well" }]);
  assert.deepEqual(Object.keys(result.metrics), ["acc", "perplexity"]);
  assert.ok(Math.abs(result.metrics.perplexity.point - Math.E) < 1e-12); // ln p = -1
  assert.deepEqual(result.higherIsBetter, { acc: true, perplexity: false });
  assert.deepEqual(result.chance, {});
  defineTask({ name: "letters", text: "{{body}}" });
  assert.deepEqual((await evaluate("letters", [{ body: "Dear" }], "")).result.metrics.bits_per_byte.n, 1);
});

Deno.test("targetDelimiter stands between question and answer, in worked examples too; its default is one space", async () => {
  const fewShot = { rule: "first_n" as const, rows: [{ q: "1 + 1", a: "2" }] };
  const base = { prompt: "{{q}}", choices: ["{{a}}", "none"], answer: 0, fewShot, shots: 1 };
  for (
    const [name, targetDelimiter, between] of [["none", "", ""], ["line", "\n", "\n"], ["default", undefined, " "]]
  ) {
    defineTask({ ...base, name: `delimiter_${name}`, ...(targetDelimiter === undefined ? {} : { targetDelimiter }) });
    const { seen } = await evaluate(`delimiter_${name}`, [{ q: "2 + 2", a: "4" }], "4");
    assert.deepEqual(seen, [
      { context: `1 + 1${between}2\n\n2 + 2`, continuation: `${between}4` },
      { context: `1 + 1${between}2\n\n2 + 2`, continuation: `${between}none` },
    ]);
  }
  assert.notEqual(findTask("delimiter_none").version, findTask("delimiter_line").version);
  defineTask({ name: "delimited_end", prompt: "{{q}}", continuation: "{{a}}", targetDelimiter: "" });
  assert.deepEqual((await evaluate("delimited_end", [{ q: "東", a: "京" }], "京")).seen, [
    { context: "東", continuation: "京" },
  ]);
});

Deno.test("a name is taken once: the same cell may run again, another definition says replace", () => {
  const definition = { name: "twice", prompt: "{{a}}", choices: "b" };
  defineTask(definition);
  const first = findTask("twice").version;
  defineTask({ ...definition });
  assert.equal(findTask("twice").version, first);
  const other = { ...definition, prompt: "{{a}}:" };
  assert.throws(
    () => defineTask(other),
    /RangeError: Cannot define the task "twice": another definition has this name/,
  );
  defineTask({ ...other, replace: true });
  assert.notEqual(findTask("twice").version, first); // so results of the two are not taken for the same
  assert.throws(
    () => defineTask({ ...definition, name: "mmlu", replace: true }),
    /a task of the library has this name/,
  );
});

const wrong: [string, Partial<Record<string, unknown>>, RegExp][] = [
  ["no name", { name: "" }, /name must be letters, digits, .* got ""/],
  [
    "nothing to score",
    { choices: undefined, prompt: "x" },
    /the definition must have one of choices, continuation, text/,
  ],
  ["two kinds", { text: "x" }, /choices and text exclude each other; pass one of them/],
  ["an unknown key", { metric: "acc" }, /unknown field "metric"; did you mean "metrics"\? There are: name, about/],
  ["an unknown metric", { metrics: ["f1"] }, /metrics\[0\] is "f1"; there are: acc, acc_norm, acc_bytes/],
  ["no prompt", { prompt: undefined }, /prompt is missing/],
  ["a place that does not end", { prompt: "Question: {{question" }, /"{{question" is no {{field}}; for text/],
  ["a place that ends halfway", { prompt: "Question: {{question} :" }, /"{{question} :" is no {{field}}/],
  ["a template that computes", { prompt: "{{question.strip()}}" }, /"{{question\.strip\(\)}}" names no field/],
  ["a delimiter that is no text", { targetDelimiter: 1 }, /targetDelimiter must be a text, got 1/],
  ["one choice", { choices: ["a"] }, /choices must have at least 2 entries, got 1/],
  ["shots from nowhere", { shots: 2 }, /shots is 2, but there is no fewShot/],
  ["an empty pool", { fewShot: { rule: "sample", rows: [] } }, /fewShot\.rows must have at least 1 entry, got 0/],
  [
    "an unknown rule",
    { fewShot: { rule: "balanced", rows: [{}] } },
    /fewShot\.rule is "balanced"; there are: first_n, sample, sample_others/,
  ],
  ["a version that is a number", { version: 2 }, /version must be a text, got 2/],
];
for (const [what, change, message] of wrong) {
  Deno.test(`defineTask() with ${what} says what is wrong`, () => {
    const definition = { name: "wrong", prompt: "{{q}}", choices: "options", ...change } as unknown as TaskDefinition;
    assert.throws(() => defineTask(definition), message);
    assert.throws(() => findTask("wrong"), /Unknown task/);
  });
}
