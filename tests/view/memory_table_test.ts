import assert from "node:assert/strict";
import { memoryTable } from "../../lib/view/memory_table.ts";
import type { ComparisonData } from "../../lib/view/comparison_data.ts";
import { BASE, fakeComparison } from "./fake_comparison.ts";

Deno.test("memoryTable() sets what was predicted beside what was measured, and names the fallback", () => {
  const comparison = fakeComparison() as { raw: ComparisonData["raw"] };
  const memoryGb = { point: 0.7, low: 0.699, high: 0.701, level: 0.95, n: 3 };
  const facts = {
    weightsGb: 0.54,
    loadPeakGb: 1.1,
    steadyGb: 0.69,
    predictedGb: 0.543,
    residualGb: 0.157,
    method: "rss",
  };
  comparison.raw.models[BASE].memory = { p5_l64: { memoryGb, ...facts } };
  const text = memoryTable(comparison as ComparisonData).toString();
  assert.match(
    text,
    /llama fp32 \(from Q4_1\) +prompt 5 \+ 64 new tokens +0\.540 +1\.10? +0\.700 .*0\.690 +0\.543 +\+0\.157/,
  );
  assert.match(text, /Sampled here \(rss\)/);
  assert.doesNotMatch(text, /int4/, "a model without memory figures has no row");
});
