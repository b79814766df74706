import assert from "node:assert/strict";
import { Comparison } from "../../lib/compare/comparison.ts";
import { compareQuality } from "../../lib/compare/paired_quality.ts";
import type { ComparisonRaw } from "../../lib/compare/raw.ts";
import { qualitySentences, qualityTable } from "../../lib/view/quality_table.ts";
import { fakeComparison } from "./fake_comparison.ts";

const compared = () =>
  compareQuality(
    Comparison.fromJSON({ ...fakeComparison().raw, settings: [], version: 1 } as unknown as ComparisonRaw),
  );

Deno.test("a comparison's own baseline, band and tasks are taken", () => {
  const { baseline, findings } = compared(), { raw } = fakeComparison();
  assert.equal(baseline, raw.baseline);
  const tasks = Object.keys(raw.tasks), models = Object.keys(raw.models).filter((name) => name !== baseline);
  assert.deepEqual(
    findings.map((f) => [f.task, f.model]),
    tasks.flatMap((task) => models.map((model) => [task, model])),
  );
});

Deno.test("a row a finding: difference, flips, p, verdict, and why there is no McNemar test", () => {
  const text = String(qualityTable(compared()));
  const accuracy = compared().findings.find((f) => f.gained !== null && f.lost)!;
  assert.match(text, new RegExp(`${accuracy.gained} / ${accuracy.lost}`));
  assert.match(text, /bits per byte +40 /);
  assert.match(text, /bits_per_byte: no McNemar test, since an item is no plain yes or no\./);
  assert.equal(qualitySentences(compared()).length, compared().findings.length);
});

Deno.test("names are escaped", () => {
  const item = { row: 0, correct: 1, tokens: 1, promptHash: "" };
  const result = {
    items: [item, { ...item, row: 1, correct: 0 }],
    metrics: { acc: {} as never },
    higherIsBetter: { acc: true },
  };
  const html = qualityTable(compareQuality({ "<i>task</i>": { base: result, "<b>model": result } }))
    .bundle["text/html"]!;
  assert.ok(!/<b>model|<i>task/.test(html) && html.includes("&lt;b&gt;model"));
});
