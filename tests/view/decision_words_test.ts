/** What a comparison says where little or nothing was measured: it claims no more than that. */
import assert from "node:assert/strict";
import { compareArchitectures, type CompareOptions } from "../../lib/compare/compare_architectures.ts";
import type { Comparison } from "../../lib/compare/comparison.ts";
import { compareQuality } from "../../lib/compare/paired_quality.ts";
import type { Row } from "../../lib/eval/types.ts";
import { seededRandom } from "../../lib/stats/random.ts";
import { showComparison, summaryTable } from "../../lib/view/comparison_view.ts";
import { decide, type Limits } from "../../lib/view/decision.ts";
import { qualitySentences } from "../../lib/view/quality_table.ts";
import { trustTable } from "../../lib/view/run_facts.ts";
import { speedPlot } from "../../lib/view/speed_plot.ts";
import { verdictSentences } from "../../lib/view/verdict_sentences.ts";
import { type FakeBehaviour, fakeHosts, tinySpec } from "../measure/fake_host.ts";

/** Wrong endings, by place. */
const WRONG = ["north", "south", "inner", "outer"];
const throughput = [{ promptTokens: 5, newTokens: 32 }];
/** The right ending of row i is "right", at a place that goes round; all endings are equally long. */
const rows = (n: number, sources = n): Row[] =>
  Array.from({ length: n }, (_, i) => ({
    ind: i,
    activity_label: "Sitting",
    ctx_a: "A man is sitting.",
    ctx_b: "he",
    ctx: "A man is sitting. He",
    endings: Array.from({ length: 4 }, (_, place) => `${place === i % 4 ? "right" : WRONG[place]} ${100 + i}`),
    source_id: `video ${i % sources}`,
    split: "val",
    split_type: "indomain",
    label: String(i % 4),
  }));

function compare(behaviour: FakeBehaviour, options: CompareOptions = { throughput }): Promise<Comparison> {
  const models = { base: tinySpec("base"), quick: tinySpec("quick") };
  return compareArchitectures(models, {
    rounds: 12,
    seed: 1,
    store: null,
    ...options,
    start: fakeHosts(behaviour).start,
  });
}
/** Half a percent of noise, the same in every run of the tests. */
function jitter(): () => number {
  const random = seededRandom(3);
  return () => Math.exp(0.005 * random.normal());
}
function twiceAsFast(): FakeBehaviour {
  const noise = jitter();
  return { stepMs: ({ name }) => (name === "quick" ? 1 : 2) * noise() };
}
const sentence = (c: Comparison, limits?: Limits) => decide(c, limits).sentence;

Deno.test("without a task there is no quality in the sentence", async () => {
  const c = await compare(twiceAsFast());
  assert.equal(sentence(c), "Choose quick by speed: no quality was measured; base is slower than quick.");
  assert.equal(
    sentence(c, { memoryGb: 1 }),
    "Within at most 1 GB, choose quick by speed: no quality was measured; base is slower than quick.",
  );
  assert.ok(showComparison(c).toString().endsWith(sentence(c)));
});

Deno.test("where nothing tells the models apart, nothing is chosen for a reason", async () => {
  const noise = jitter();
  const c = await compare({ stepMs: () => 2 * noise(), peakBytes: () => 300e6 });
  assert.equal(
    sentence(c),
    "Nothing that was measured tells base and quick apart (no quality was measured and no difference in speed or memory " +
      "was found): keep base, which is named first.",
  );
  assert.equal(decide(c).ground, null);
});

Deno.test("memory decides where speed does not, and one that is dominated is never chosen", async () => {
  const noise = jitter();
  const c = await compare({ stepMs: () => 2 * noise(), peakBytes: ({ name }) => name === "quick" ? 220e6 : 300e6 });
  assert.equal(
    sentence(c),
    "Choose quick by memory: no quality was measured and no difference in speed was found; base is larger in memory than " +
      "quick.",
  );
});

Deno.test("models that guess are not ordered by quality", async () => {
  // base always takes the first place, quick the second: each is right in a quarter of the rows
  const c = await compare({
    ...twiceAsFast(),
    logLikelihood(name, text) {
      const place = name === "base" ? 0 : 1, row = Number(text.match(/\d+/)![0]) - 100;
      return text.includes(WRONG[place]) || (text.includes("right") && row % 4 === place) ? -1 : -20;
    },
  }, { throughput, tasks: { hellaswag: rows(80) } });
  for (const model of ["base", "quick"]) assert.equal(c.raw.tasks.hellaswag[model].metrics.acc_norm.point, 0.25);
  const said = sentence(c);
  assert.match(
    said,
    /^Choose quick by speed: no model is better than guessing in hellaswag acc_norm \(best 25 % \[1\d, 3\d\], guessing has 25\.0 %\); base is slower than quick\.$/,
  );
  assert.ok(!/Quality first|dominated/.test(said));
});

Deno.test("two clusters give no interval of accuracy: too few items, everywhere", async () => {
  const c = await compare({
    ...twiceAsFast(),
    logLikelihood: (name, text) => text.includes("right") && !(name === "base" && text.includes("103")) ? -1 : -20,
  }, { throughput, tasks: { hellaswag: rows(4, 2) } });
  const finding = c.findings.find((f) => f.kind === "quality")!;
  assert.deepEqual([finding.row.difference, finding.row.low, finding.row.high, finding.row.verdict], [
    0.25,
    null,
    null,
    "unclear",
  ]);
  assert.equal(c.raw.tasks.hellaswag.base.items.length, 4); // what was measured is all there
  const views = [showComparison(c), summaryTable(c)].map(String);
  for (const text of [...views, verdictSentences(c).join("\n")]) {
    assert.match(text, /too few items/);
    assert.doesNotMatch(text, /no difference found in hellaswag|\[−\d{3}/);
  }
  assert.match(
    verdictSentences(c).at(-1)!,
    /^quick: too few items to compare hellaswag acc_norm, \+25\.0 pp \(n = 4 items\)$/,
  );
  assert.match(
    qualitySentences(compareQuality(c))[0],
    /^quick, hellaswag acc_norm: too few items to tell it from base, \+25\.0 pp/,
  );
  assert.equal(
    sentence(c),
    "Choose quick by speed: there are too few items to compare quality; base is slower than quick.",
  );
});

Deno.test("two blocks on a machine that jumps give no interval of speed: too few blocks, everywhere", async () => {
  const c = await compare({ stepMs: ({ host }) => [2, 2, 2, 9, 40, 2][host % 6] }, { throughput, rounds: 2 });
  const decode = c.findings.find((f) => f.row.metric === "decode_tok_s")!;
  assert.deepEqual([decode.wide, decode.row.low, decode.row.high, decode.row.verdict], [null, null, null, "unclear"]);
  for (const text of [showComparison(c), summaryTable(c), trustTable(c), speedPlot(c)].map(String)) {
    assert.match(text, /too few blocks/);
    assert.doesNotMatch(text, /\d\d{4}|e\d/); // no bound in the ten thousands, none in powers of ten
  }
  assert.match(sentence(c), /^Nothing that was measured tells .*there are too few blocks to compare speed/);
  assert.match(sentence(c, { decodeTokensPerS: 30 }), /not known \(decode speed\)|decode speed not known/);
});

Deno.test("a limit on what was not measured is not taken as kept", async () => {
  const c = await compare(twiceAsFast(), { throughput, memoryHosts: 0 });
  const decision = decide(c, { memoryGb: 1 });
  assert.equal(decision.chosen, null);
  assert.equal(
    decision.sentence,
    "No model is known to keep to at most 1 GB: base (memory not known); quick (memory not known).",
  );
  const batch = await compare({}, { throughput: [{ batch: 1, seqLen: 64 }] });
  assert.equal(decide(batch, { decodeTokensPerS: 30 }).chosen, null); // a batch's throughput is no decode speed
});

Deno.test("quality first is said where quality was measured and tells apart", async () => {
  const c = await compare({
    logLikelihood: (name, text) =>
      text.includes("right") && !(name === "quick" && Number(text.match(/\d+/)![0]) % 3 === 0) ? -1 : -20,
  }, { tasks: { hellaswag: rows(60) } });
  assert.equal(sentence(c), "Quality first, choose base; quick is worse in quality than base.");
  assert.equal(decide(c).ground, "quality");
});

Deno.test("one model alone is no choice", async () => {
  const { start } = fakeHosts();
  const c = await compareArchitectures({ only: tinySpec("only") }, { throughput, rounds: 6, store: null, start });
  assert.equal(sentence(c), "only alone was measured: there is no choice.");
});
