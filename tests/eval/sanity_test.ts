import assert from "node:assert/strict";
import { QualityBenchmark } from "../../lib/eval/quality_benchmark.ts";
import { beatsGuessing, sanity } from "../../lib/eval/sanity.ts";
import type { EvalItem } from "../../lib/eval/types.ts";
import { FakeHost } from "./fake_host.ts";

const item = (gold: number, chosen: number, longest: number, choices = 4): EvalItem => ({
  row: 0,
  gold,
  longest,
  logLikelihoods: Array.from({ length: choices }, (_, i) => i === chosen ? -1 : -2),
  correct: Number(gold === chosen),
  tokens: 1,
  promptHash: "",
});

Deno.test("sanity() counts places and what answering without reading scores, by hand", () => {
  const found = sanity([item(0, 1, 0), item(1, 1, 1), item(1, 1, 3), item(0, 0, 1, 2), item(3, 1, 3)])!;
  assert.deepEqual(found.goldShares, [2 / 5, 2 / 5, 0, 1 / 5]);
  assert.deepEqual(found.chosenShares, [1 / 5, 4 / 5, 0, 0]);
  assert.equal(found.baselines.majority, 2 / 5);
  assert.equal(found.baselines.longest, 3 / 5);
  assert.ok(Math.abs(found.baselines.random - (4 * 0.25 + 0.5) / 5) < 1e-12);
});

Deno.test("sanity() is null without choices", () => assert.equal(sanity([]), null));

Deno.test("an MMLU result measures its answers' lengths, not its letters'", async () => {
  const row = (answer: number, ...choices: string[]) => ({ question: "?", subject: "anatomy", choices, answer });
  const rows = [row(2, "a", "b", "the long one", "d"), row(1, "a", "bbb", "c", "dd"), row(0, "a", "b", "c", "longest")];
  const quality = new QualityBenchmark("fake", {}, () => Promise.resolve(new FakeHost()));
  const result = await quality.evaluateTask("mmlu", rows);
  assert.equal(result.sanity!.baselines.longest, 2 / 3);
  assert.deepEqual(result.sanity!.chosenShares, [1, 0, 0, 0]); // all choices tie, the first wins
  assert.deepEqual(result.nearFlips.metrics.acc, { near: 3, of: 3 });
});

Deno.test("beatsGuessing() looks at the whole interval, on the metric's own scale", () => {
  const beats = (metric: string, low: number | null, high: number | null, chance: Record<string, number> = {}) =>
    beatsGuessing({
      metrics: { [metric]: { point: ((low ?? 0) + (high ?? 0)) / 2, low, high, level: 0.95, n: 50 } },
      higherIsBetter: { [metric]: metric !== "bits_per_byte" && !metric.endsWith("perplexity") },
      chance,
    }, metric);
  assert.deepEqual([beats("acc", 0.26, 0.4, { acc: 0.25 }), beats("acc", 0.24, 0.4, { acc: 0.25 })], [true, false]);
  assert.deepEqual([beats("pass@1", 0, 0.07), beats("pass@1", 0.01, 0.1)], [false, true]); // none passed, some did
  assert.deepEqual([beats("bits_per_byte", 7.8, 8.1), beats("bits_per_byte", 1.2, 1.4)], [false, true]);
  assert.equal(beats("word_perplexity", 1e4, 1e5), true); // no level is known
  assert.equal(beats("acc", null, null, { acc: 0.25 }), true); // no interval: too few items, said elsewhere
});
