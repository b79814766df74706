import assert from "node:assert/strict";
import { flips } from "../../lib/compare/flips.ts";
import type { EvalItem } from "../../lib/eval/types.ts";
import { flipsTable } from "../../lib/view/flips_table.ts";

const estimate = { point: 0.5, low: 0.4, high: 0.6, level: 0.95, n: 10 };

const result = (all: number[][], gold: number[], more: (row: number) => Partial<EvalItem> = () => ({})) => ({
  task: "hellaswag",
  metrics: { acc: estimate },
  items: all.map((logLikelihoods, row): EvalItem => ({
    row,
    logLikelihoods,
    gold: gold[row],
    correct: Number(logLikelihoods.indexOf(Math.max(...logLikelihoods)) === gold[row]),
    tokens: 1,
    promptHash: "",
    ...more(row),
  })),
});

const gold = [0, 1, 2, 0];
const base = result([[-1, -2, -3], [-1, -2, -3], [-1, -2, -3], [-1, -9, -9]], gold);
const changed = result([[-3, -2, -4], [-5, -1, -5], [-2, -1, -3], [-1.5, -9, -9]], gold);

Deno.test("flips() lists other choices alone, the largest change of the margin first", () => {
  const found = flips(changed, base);
  assert.deepEqual(found.map((f) => [f.row, f.kind, f.choice, f.baselineChoice]), [
    [1, "gained", 1, 0], // margin -1 -> 4
    [0, "lost", 1, 0], // margin 1 -> -1
    [2, "other", 1, 0], // margin -2 -> -2
  ]);
  assert.deepEqual([found[0].margin, found[0].baselineMargin], [4, -1]);
  assert.throws(() => flips({ ...changed, items: [] }, base), /share no item/);
  assert.throws(() => flips(changed, base, { metric: "ac" }), /no metric "ac"; did you mean "acc"/);
  assert.deepEqual(flips(changed, base, { metric: "acc" }), found);
});

Deno.test("rows give the start of the question, also by subject; what is shown is escaped", () => {
  const row = (activity_label: string) => ({
    activity_label,
    ctx_a: "A man",
    ctx_b: "",
    endings: ["a", "b", "c"],
    label: 0,
  });
  const rows = ["one", "<script>", "three", "four"].map(row);
  assert.match(flips(changed, base, { rows })[0].text!, /^<script>: A man/);
  const html = flipsTable(changed, base, { rows, limit: 1 }).bundle["text/html"]!;
  assert.ok(html.includes("&lt;script&gt;: A man") && !html.includes("<script>"));
  assert.match(html, /3 items: 1 won, 1 lost, 1 wrong in another way. The 1 with the largest change are shown/);
  const withSubject = (row: number) => ({ subject: "law", row: row % 2 });
  const subject = (r: { items: EvalItem[] }) => r.items.slice(0, 2).map((item, i) => ({ ...item, ...withSubject(i) }));
  const question = (text: string, subject: string) => ({
    question: text,
    subject,
    choices: ["x", "y", "z", "w"],
    answer: 0,
  });
  const mmlu = [question("art 0", "art"), question("law 0", "law"), question("law 1", "law")];
  const texts = flips({ ...changed, task: "mmlu", items: subject(changed) }, { items: subject(base) }, { rows: mmlu });
  assert.deepEqual(texts.map((f) => [f.subject, f.row, f.text!.slice(0, 5)]), [["law", 1, "law 1"], [
    "law",
    0,
    "law 0",
  ]]);
});

Deno.test("generated tasks flip by the share that passed", () => {
  const programs = (correct: number[]) => ({
    task: "humaneval",
    metrics: { acc: estimate },
    items: correct.map((c, row): EvalItem => ({ row, correct: c, tokens: 1, promptHash: "" })),
  });
  const [f, ...rest] = flips(programs([1, 0, 0]), programs([0, 0, 0]));
  assert.deepEqual([f.kind, f.choice, f.gold, f.margin, rest.length], ["gained", null, null, 1, 0]);
});
