import assert from "node:assert/strict";
import { GOLD, pairedDifference } from "../../lib/compare/paired_difference.ts";
import type { EvalItem, EvalResult } from "../../lib/eval/types.ts";
import { meanInterval } from "../../lib/stats/mean_interval.ts";

const result = (items: Partial<EvalItem>[]) =>
  ({
    items: items.map((item, row) => ({ row, correct: null, tokens: 1, promptHash: "", ...item })),
  }) as unknown as EvalResult;

Deno.test("items are paired by subject and row; those that one model lacks are left out", () => {
  const a = result([{ row: 1, subject: "x", correct: 1 }, { row: 1, subject: "y", correct: 0 }, {
    row: 2,
    subject: "x",
    correct: 1,
  }, { row: 9, subject: "x", correct: 1 }]);
  const b = result([{ row: 1, subject: "x", correct: 0 }, { row: 1, subject: "y", correct: 0 }, {
    row: 2,
    subject: "x",
    correct: 1,
  }]);
  const d = pairedDifference(a, b, "acc")!;
  assert.deepEqual([d.items, d.point], [3, 1 / 3]);
  assert.equal(pairedDifference(a, result([]), "acc"), null);
});

Deno.test("independent items give the paired t interval", () => {
  const x = [0.1, -0.4, 0.3, 0.2, -0.1];
  const d = pairedDifference(
    result(x.map((v) => ({ goldLogLikelihood: v - 2 }))),
    result(x.map(() => ({ goldLogLikelihood: -2 }))),
    GOLD,
  )!;
  const want = meanInterval(x);
  for (const key of ["point", "low", "high", "stderr"] as const) assert.ok(Math.abs(d[key]! - want[key]) < 1e-12, key);
});

Deno.test("clusters that agree within widen the interval, one cluster alone has none", () => {
  const items = (gain: (i: number) => number, cluster: (i: number) => string) =>
    [gain, () => 0].map((of) =>
      result(Array.from({ length: 20 }, (_, i) => ({ goldLogLikelihood: of(i), cluster: cluster(i) })))
    );
  const width = (cluster: (i: number) => string) => {
    const [a, b] = items((i) => Math.floor(i / 4) % 2, cluster), d = pairedDifference(a, b, GOLD)!;
    return d.high! - d.low!;
  };
  assert.ok(width((i) => `${Math.floor(i / 4)}`) > 1.5 * width((i) => `${i}`));
  const [a, b] = items((i) => i, () => "one");
  assert.equal(pairedDifference(a, b, GOLD)!.low, null);
});

Deno.test("bits per byte: the mean is the difference of the totals over all bytes", () => {
  const a = result([{ bits: 10, bytes: 10 }, { bits: 300, bytes: 100 }]),
    b = result([{ bits: 20, bytes: 10 }, { bits: 200, bytes: 100 }]);
  assert.ok(Math.abs(pairedDifference(a, b, "bits_per_byte")!.point - (310 - 220) / 110) < 1e-12);
});

Deno.test("subjects are fixed strata: what differs between them is no noise", () => {
  const a = result(
    Array.from({ length: 40 }, (_, i) => ({ row: i, subject: i < 20 ? "x" : "y", correct: i < 20 ? 1 : 0 })),
  );
  const b = result(Array.from({ length: 40 }, (_, i) => ({ row: i, subject: i < 20 ? "x" : "y", correct: 0 })));
  const d = pairedDifference(a, b, "acc")!;
  assert.equal(d.stderr, 0);
  assert.ok(d.low! < 0.4 && d.high! > 0.6); // the score interval still holds
});
