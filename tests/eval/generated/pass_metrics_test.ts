import assert from "node:assert/strict";
import { completionFacts } from "../../../lib/eval/generated/completions.ts";
import { kOfMetric, passMetrics, passOfItem } from "../../../lib/eval/generated/pass_metrics.ts";
import { checkGenerate } from "../../../lib/eval/generated/options.ts";
import { summariseGenerated } from "../../../lib/eval/generated/summary.ts";
import type { EvalItem, ProgramSample } from "../../../lib/eval/types.ts";
import { fakeTask } from "./fakes.ts";

const sample = (verdict: ProgramSample["verdict"], completion = "x"): ProgramSample => ({
  ...{ seed: 0, sample: 0, completion, tokens: 1, finishReason: "stop", verdict },
});

/** A problem of which `c` of `n` programs pass. */
function item(row: number, c: number, n: number): EvalItem {
  const samples = Array.from({ length: n }, (_, i) => sample(i < c ? "passed" : "failed"));
  return { row, correct: c / n, samples, tokens: n, promptHash: "" };
}

Deno.test("passOfItem() is the unbiased pass@k of one problem", () => {
  // 1 - C(3, k) / C(5, k): 2 of 5 pass
  const two = item(0, 2, 5);
  const values = ["pass@1", "pass@3", "pass@4"].map((metric) => passOfItem(two, metric)!);
  [0.4, 0.9, 1].forEach((want, i) => assert.ok(Math.abs(values[i] - want) < 1e-12, `${values[i]}`));
  assert.equal(passOfItem(two, "pass@6"), null);
  assert.equal(passOfItem(two, "acc"), null);
  assert.equal(passOfItem({ ...two, samples: undefined }, "pass@1"), null);
  assert.deepEqual(["pass@12", "pass@0", "pass@01", "pass@1.5", "xpass@1"].map(kOfMetric), [
    12,
    null,
    null,
    null,
    null,
  ]);
});

Deno.test("passMetrics() averages over problems, whose number is n", () => {
  const metrics = passMetrics([item(0, 2, 5), item(1, 0, 5), item(2, 5, 5)], [3, 1], 0.9);
  assert.deepEqual(Object.keys(metrics), ["pass@3", "pass@1"]);
  assert.ok(Math.abs(metrics["pass@3"].point - (0.9 + 0 + 1) / 3) < 1e-12);
  assert.ok(Math.abs(metrics["pass@1"].point - (0.4 + 0 + 1) / 3) < 1e-12);
  assert.equal(metrics["pass@1"].n, 3);
  assert.equal(metrics["pass@1"].level, 0.9);
});

Deno.test("completionFacts() counts how programs ended, and different ones of each problem", () => {
  const items = [
    {
      ...item(0, 0, 0),
      samples: [sample("passed", "a"), sample("failed", "a"), { ...sample("timed out", "b"), finishReason: "length" }],
    },
    { ...item(1, 0, 0), samples: [sample("failed", "a"), sample("failed", "b"), sample("failed", "c")] },
  ] as EvalItem[];
  assert.deepEqual(completionFacts(items), {
    programs: 6,
    endedByLength: 1 / 6,
    timedOut: 1 / 6,
    distinctPerProblem: 2.5,
  });
  assert.throws(() => completionFacts([]), /no programs/);
});

Deno.test("summariseGenerated() has metrics, variance, facts and all notes", () => {
  const options = checkGenerate(fakeTask, { preset: "drawn" });
  const { metrics, variance, completions, notes } = summariseGenerated([item(0, 2, 4), item(1, 1, 4)], options);
  assert.deepEqual(Object.keys(metrics), ["pass@4", "pass@1"]);
  assert.equal(variance!.mean, 0.375);
  assert.equal(completions.programs, 8);
  assert.match(notes.join("\n"), /fewer than 2k = 8[^]*one seed/);
  const one = summariseGenerated([item(0, 2, 4)], options);
  assert.equal(one.variance, null);
  assert.match(one.notes.join("\n"), /one problem/);
});
