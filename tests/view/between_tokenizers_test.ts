/** What is shown and said of models with different tokenizers: bytes of the same text, and that it is so. */
import assert from "node:assert/strict";
import { compareArchitectures, type CompareOptions } from "../../lib/compare/compare_architectures.ts";
import { compareQuality } from "../../lib/compare/paired_quality.ts";
import type { SummaryRow } from "../../lib/compare/rows.ts";
import type { Row } from "../../lib/eval/types.ts";
import { seededRandom } from "../../lib/stats/random.ts";
import { comparisonTable, showComparison, summaryTable } from "../../lib/view/comparison_view.ts";
import { crossoverSentence } from "../../lib/view/crossover_sentence.ts";
import { decide } from "../../lib/view/decision.ts";
import { decisionFigure } from "../../lib/view/decision_plot.ts";
import { configLabel } from "../../lib/view/labels.ts";
import { qualityTable } from "../../lib/view/quality_table.ts";
import { modelTable } from "../../lib/view/run_facts.ts";
import { scalingFigure } from "../../lib/view/scaling_plot.ts";
import { scalingTable } from "../../lib/view/scaling_table.ts";
import { speedFigure, speedPlot } from "../../lib/view/speed_plot.ts";
import { verdictSentences } from "../../lib/view/verdict_sentences.ts";
import { roundsTable } from "../../lib/view/noise_verdicts.ts";
import { spreadFigure, spreadPlot } from "../../lib/view/noise_spread.ts";
import { measureRounds } from "../../lib/measure/rounds.ts";
import { measureScaling } from "../../lib/measure/scaling.ts";
import { fakeHosts } from "../measure/fake_host.ts";
import { pairTokenizer, twoTokenizers } from "../measure/pair_tokenizer.ts";

const folder = await pairTokenizer();
const { bytes, pairs, bare } = twoTokenizers(folder);
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** The right ending of row i is longer in characters than in nothing: one letter, of two bytes where `wide`. */
const hellaswag: Row[] = Array.from({ length: 24 }, (_, i) => ({
  ind: i,
  activity_label: "Sitting",
  ctx_a: "A man is sitting.",
  ctx_b: "he",
  ctx: "A man is sitting. He",
  endings: ["one.", `right ${i}.`, "two.", "three."],
  source_id: `video ${i}`,
  split: "val",
  split_type: "indomain",
  label: "1",
}));

/** `pairs` makes a token in 3 ms, `bytes` in 2 ms: slower in tokens, faster in text. */
function compare(options: CompareOptions = {}, models: object = { bytes, pairs }) {
  const random = seededRandom(5);
  return compareArchitectures(models as Parameters<typeof compareArchitectures>[0], {
    throughput: [{ promptTokens: 5, newTokens: 9 }],
    texts: ["abab", "abababab", "ab"],
    rounds: 12,
    store: null,
    memoryHosts: 1,
    ...options,
    start: fakeHosts({
      stepMs: ({ name }) => (name === "pairs" ? 3 : 2) * Math.exp(0.002 * random.normal()),
      logLikelihood: (name, text) => text.includes("right") ? -1 : name === "pairs" && text.includes("two") ? -0.5 : -9,
    }).start,
  });
}
const WHY =
  "The models have different tokenizers, so speed is compared in bytes of the same text a second; a token stands " +
  "for 1.00 bytes in bytes, 2.00 bytes in pairs (3 texts that were passed).";

Deno.test("the slower one in tokens is the faster one in text, and every view says by what", async () => {
  const c = await compare();
  const { columns, rows, notes } = comparisonTable(c);
  assert.equal(columns[1].title, "decode of the same text, prompt 5 + 9 new tokens");
  assert.match(JSON.stringify(rows[1][1]), /"1\.33\d*×".*"faster"/);
  assert.match(String(rows[0][1]), /^50\d bytes\/s$/);
  assert.ok(notes!.includes(WHY));
  assert.match(
    notes!.at(-1)!,
    /^Choose pairs, fastest in bytes of the same text a second: no quality was measured; bytes is slower than pairs\.$/,
  );
  const [sentence, why] = verdictSentences(c);
  assert.match(sentence, /^pairs: decodes 1\.33\d*× \[.*\] as fast in bytes of the same text, faster \(prompt 5 \+ 9/);
  assert.equal(why, WHY);
  const summary = summaryTable(c).toString(); // a speed is one row, with the tokens under the bytes
  assert.match(summary, /decode \(bytes\/s\) +66\d 33\d tok\/s +\d+ \d+ tok\/s +1\.33\d*× +\[.*\] +12 +faster/);
  assert.doesNotMatch(summary, /\(tok\/s\)/);
  assert.match(String(showComparison(c)), /1\.33\d*× .* faster/);
  assert.match(String(modelTable(c)), /vocabulary, tokens +bytes a token, same text/);
});

Deno.test("the plots' axes are bytes of the same text", async () => {
  const c = await compare({ tasks: { hellaswag } });
  assert.match(JSON.stringify(speedFigure(c).layout), /decode \(bytes\/s\)<br>prompt 5 \+ 9/);
  const [first] = speedFigure(c).data as { x: number[] }[];
  assert.ok(Math.abs(first.x[0] / 500 - 1) < 0.01);
  assert.match(String(speedPlot(c)), /pairs: 66\d.* bytes\/s/);
  const axis = (limits: object) => decisionFigure(c, limits).layout.xaxis as { title: { text: string } };
  assert.match(axis({}).title.text, /^decode \(bytes of the same text\/s\)<br>/);
  const shapes = (limits: object) => decisionFigure(c, limits).layout.shapes as { type: string; x0: number }[];
  assert.equal(shapes({ decodeBytesPerS: 600 }).find((s) => s.type === "rect")!.x0, 600);
  assert.equal(shapes({ decodeTokensPerS: 300 }).find((s) => s.type === "rect"), undefined); // elsewhere for each model
  assert.match(
    JSON.stringify(decisionFigure(c, { decodeTokensPerS: 400 }).layout.title),
    /filled: at least 400 tok\/s/,
  );
  assert.match(JSON.stringify(decisionFigure(c, { decodeTokensPerS: 400 }).data), /pairs, .*, outside the limits/);
});

Deno.test("limits are kept in tokens and in bytes, and what is not known is said", async () => {
  const c = await compare();
  assert.match(
    decide(c, { decodeBytesPerS: 600 }).sentence,
    /^Within at least 600 bytes\/s, choose pairs; bytes is outside/,
  );
  assert.match(
    decide(c, { decodeTokensPerS: 400 }).sentence,
    /choose bytes; pairs is outside the limits \(33\d tok\/s\); the limit of tok\/s is in each model's own tokens\.$/,
  );
  const one = await compare({}, { a: bytes, b: bytes });
  assert.match(
    decide(one, { decodeBytesPerS: 1 }).sentence,
    /known to keep to at least 1 bytes\/s: a \(decode speed in bytes/,
  );
  assert.doesNotMatch(verdictSentences(one).join(), /bytes of the same text/);
});

Deno.test("a model without a tokenizer has no speed in bytes, which is said where it is missed", async () => {
  const c = await compare({}, { bytes, pairs, bare });
  assert.match(verdictSentences(c).join("\n"), /bare: decodes \d\.\d+× .*; bare has no tokenizer: tokens are compared/);
  assert.match(String(speedPlot(c)), /bare: no tokenizer, so no bytes of text/);
  assert.match(String(showComparison(c)), /bare .* in its tokens/);
});

Deno.test("quality between tokenizers is decided by bytes: acc_bytes, with lm-eval's characters beside it", async () => {
  const c = await compare({ throughput: [], tasks: { hellaswag } });
  assert.equal(c.raw.betweenTokenizers, true);
  const rows = (c.summary.objects() as SummaryRow[]).map((r) => r.metric);
  assert.deepEqual(rows, ["acc_bytes", "acc_norm"]);
  assert.deepEqual(c.findings.map((f) => f.primary), [true, false]);
  assert.equal(comparisonTable(c).columns[1].title, "hellaswag acc_bytes");
  const quality = compareQuality(c);
  assert.equal(quality.findings[0].metric, "acc_bytes");
  assert.match(
    String(qualityTable(quality)),
    /different tokenizers\. What is compared counts no tokens: bits per byte/,
  );
  const same = await compare({ throughput: [], tasks: { hellaswag } }, { a: bytes, b: bytes });
  assert.deepEqual((same.summary.objects() as SummaryRow[]).map((r) => r.metric), ["acc_norm"]);
  assert.equal(compareQuality(same).notes.length, 0);
});

Deno.test("a scaling in bytes says so in its table, its axes and its sentences", async () => {
  const text = "abababcc".repeat(200);
  const scaling = await measureScaling({ bytes, pairs }, {
    lengths: [16, 32, 64],
    newTokens: 16,
    blocks: 3,
    texts: [text, text],
    start: fakeHosts({ stepMs: ({ name }) => name === "pairs" ? 2.4 : 2 }).start,
  });
  assert.match(
    crossoverSentence(scaling.crossovers.find((c) => c.second === "pairs" && c.time === "tpotMs")!),
    /^By time a byte of the same text, pairs is faster than bytes at every length\.$/,
  );
  assert.match(
    String(scalingTable(scaling)),
    /How time grows with bytes of the same text.*time a byte = a \+ b context/,
  );
  assert.match(JSON.stringify(scalingFigure(scaling).layout), /prompt \(bytes of the same text\)/);
});

Deno.test("rounds alone are shown in bytes of the same text, too", async () => {
  const rounds = await measureRounds({ bytes, pairs, bare } as never, [{ promptTokens: 5, newTokens: 9 }], {
    rounds: 12,
    texts: ["abab", "ab"],
    start: fakeHosts({ stepMs: ({ name }) => name === "pairs" ? 3 : 2 }).start,
  });
  const table = String(roundsTable(rounds));
  assert.match(table, /speed-up, × in bytes of the same text/);
  assert.match(table, /pairs +1\.33\d*× .* faster/);
  assert.match(table, /bare +— +no bytes: a tokenizer is missing/);
  assert.match(String(spreadPlot(rounds)), /pairs: median 66\d.* bytes\/s/);
  assert.match(JSON.stringify(spreadFigure(rounds).layout), /decode \(bytes\/s\), not from 0/);
});

Deno.test("settings in bytes are spelled out", () => {
  assert.equal(configLabel("p512B_l256B"), "512 bytes + the next 256 of one text");
  assert.equal(configLabel("p512B_l256B_0a1b2c3d"), "512 bytes + the next 256 of text 0a1b2c3d");
});
