import assert from "node:assert/strict";
import { QualityBenchmark } from "../../lib/eval/quality_benchmark.ts";
import type { EvalItem, EvalResult } from "../../lib/eval/types.ts";
import { summariseGenerated } from "../../lib/eval/generated/summary.ts";
import { checkGenerate } from "../../lib/eval/generated/options.ts";
import { humaneval } from "../../lib/eval/tasks/humaneval.ts";
import { evalFigure, evalPlot } from "../../lib/view/eval_plot.ts";
import { evalTable } from "../../lib/view/eval_table.ts";
import { groupsTable } from "../../lib/view/groups_table.ts";
import { programsTable } from "../../lib/view/programs_table.ts";
import { FakeHost } from "../eval/fake_host.ts";
import { evalResult } from "./fake_comparison.ts";

/** MMLU rows answered by a host that always likes the second letter. */
async function mmlu(answers: number[]): Promise<EvalResult> {
  const host = new FakeHost((r) => "continuation" in r && r.continuation === " B" ? -1 : -2);
  const rows = answers.map((answer, i) => ({
    question: `${i}?`,
    subject: i % 2 ? "anatomy" : "virology",
    choices: ["short", "the longest", "c", "d"],
    answer,
  }));
  return await new QualityBenchmark("fake", {}, () => Promise.resolve(host)).evaluateTask("mmlu", rows);
}

function programs(): EvalResult {
  const settings = checkGenerate(humaneval, { preset: "chapter", samples: 2, seeds: [3, 4], k: [1] });
  const items = [[1, 1, 1, 0], [0, 0, 0, 0], [1, 0, 0, 0]].map((passed, row): EvalItem => ({
    row,
    correct: passed.filter(Boolean).length / 4,
    samples: passed.map((ok, i) => ({
      seed: 3 + (i >> 1),
      sample: i & 1,
      completion: `${i}`,
      tokens: 5,
      finishReason: i ? "stop" : "length",
      verdict: ok ? "passed" : "failed",
    })),
    tokens: 20,
    promptHash: "",
  }));
  const { metrics, variance, completions, notes } = summariseGenerated(items, settings);
  return {
    ...evalResult("humaneval", "pass@1", metrics["pass@1"].point, items),
    metrics,
    notes,
    data: "humaneval test, 3 of 164 rows",
    generated: { settings, variance, completions, generatedTokens: 60, tokensPerS: 10 },
  };
}

Deno.test("evalTable() sets chance, the best place and the longest answer beside a score", async () => {
  const result = await mmlu([1, 1, 0, 1, 2, 3]);
  const text = String(evalTable({ "<b>model": result }));
  // 3 of 6 answers are B, which is the longest everywhere; guessing has 1 of 4; 0.1 points are no flip away
  assert.match(text, /<b>model +mmlu acc +6 +50 % \[\d+, \d+\] +[\d.]+ +25\.0 +50\.0 +50\.0 +0 +0/);
  assert.ok(evalTable({ "<b>model": result }).bundle["text/html"]!.includes("&lt;b&gt;model"));
});

Deno.test("evalFigure() draws a line at chance and at what lazy rules score, in each panel", async () => {
  const a = await mmlu([1, 1, 0, 1]), figure = evalFigure({ a, b: a, c: programs() });
  const shapes = figure.layout.shapes as { name: string; x0: number; xref: string }[];
  assert.deepEqual(shapes.map((s) => [s.name, s.x0, s.xref]), [
    ["chance", 25, "x"],
    ["always the best place", 75, "x"],
    ["always the longest answer", 75, "x"],
  ]);
  assert.deepEqual(figure.data.map((t) => [t.name, (t.x as number[])[0].toFixed(2)]), [["a", "75.00"], ["b", "75.00"], [
    "c",
    "33.33",
  ]]);
  assert.match(String(evalPlot({ a })), /mmlu acc, a: 75 \[\d+, \d+\] % \(chance 25\.0, .*longest answer 75\.0\)/);
});

Deno.test("groupsTable() has a row a group and subject, programsTable() one a result", async () => {
  const result = await mmlu([1, 1, 0, 1]);
  const text = String(groupsTable({ model: result }, { groups: ["stem", "other", "virology"] }));
  assert.match(text, /stem +2 +100 \[/);
  assert.match(text, /virology +2 +50 \[/);
  assert.throws(() => groupsTable({ c: programs() }), /no result has any; mmlu has/);
  assert.throws(() => groupsTable({ result }, { metric: "ac" }), /the metric "ac"; did you mean "acc"/);
  const lines = String(programsTable({ c: programs() }));
  assert.match(lines, /c +humaneval +3 × 2 × 2 +0\.2 +4\.0 +25\.0 +0\.0 +50\.0, 16\.7/);
  assert.throws(() => programsTable({ result }), /no result is of a generated task/);
});
