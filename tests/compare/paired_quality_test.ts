import assert from "node:assert/strict";
import { comparePaired, compareQuality, type QualityResult } from "../../lib/compare/paired_quality.ts";
import { choiceItem } from "../../lib/eval/choice_item.ts";
import { completionItem } from "../../lib/eval/completion_item.ts";
import type { EvalItem } from "../../lib/eval/types.ts";
import { qualitySentences, qualityTable } from "../../lib/view/quality_table.ts";

const estimate = { point: 0.5, low: 0.4, high: 0.6, level: 0.95, n: 10 };

const result = (items: Partial<EvalItem>[], metric = "acc", more: Partial<QualityResult> = {}): QualityResult => ({
  items: items.map((item, row) => ({ row, correct: null, tokens: 1, promptHash: `p${row}`, ...item })),
  metrics: { [metric]: estimate },
  higherIsBetter: { [metric]: metric !== "bits_per_byte" },
  ...more,
});

/** 40 items: the first `n` right. */
const right = (n: number, more: (row: number) => Partial<EvalItem> = () => ({})) =>
  Array.from({ length: 40 }, (_, row) => ({ correct: Number(row < n), ...more(row) }));

Deno.test("independent items: the exact McNemar p, and the items that a point would need", () => {
  const { baseline, findings: [f] } = compareQuality({ task: { base: result(right(10)), int4: result(right(18)) } });
  assert.equal(baseline, "base");
  assert.deepEqual([f.task, f.model, f.metric, f.items, f.gained, f.lost], ["task", "int4", "acc", 40, 8, 0]);
  assert.equal(f.difference.point, 0.2);
  assert.ok(Math.abs(f.mcNemar.p! - 2 / 2 ** 8) < 1e-12); // 8 of 8 discordant pairs
  assert.equal(f.test!.name, "McNemar, exact");
  // variance of 8 ones in 40 items with n - 1: 8 * 0.8^2 + 32 * 0.2^2 over 39
  const variance = (8 * 0.64 + 32 * 0.04) / 39;
  assert.equal(f.itemsForOnePoint, Math.ceil((1.9599639845 + 0.8416212336) ** 2 * variance / 1e-4));
  assert.equal(f.verdict, "better");
});

Deno.test("Holm's correction goes over all tests, the interval holds for all together", () => {
  const results = {
    a: { base: result(right(10)), x: result(right(18)) },
    b: { base: result(right(10)), x: result(right(14)) },
  };
  const both = compareQuality(results).findings, one = compareQuality({ a: results.a }).findings[0];
  const rounded = (values: number[]) => values.map((v) => Number(v.toFixed(10)));
  assert.deepEqual(rounded(both.map((f) => f.test!.p)), [2 / 2 ** 8, 2 / 2 ** 4]);
  assert.deepEqual(rounded(both.map((f) => f.test!.holm)), [4 / 2 ** 8, 2 / 2 ** 4]);
  assert.ok(both[0].difference.low! < one.difference.low!, "the simultaneous interval is wider");
});

Deno.test("clustered items have no McNemar p but a sign-flip test over clusters; strata keep it", () => {
  const cluster = (row: number) => ({ cluster: `video ${row >> 1}` });
  const [f] = compareQuality({ t: { base: result(right(10, cluster)), x: result(right(18, cluster)) } }).findings;
  assert.deepEqual(f.mcNemar, { p: null, why: "40 items come from 20 sources, so they are not independent" });
  assert.equal(f.test!.name, "sign flip over clusters");
  assert.ok(f.test!.p > 0.05 && f.test!.p < 0.2, `four clusters of 20 changed, all one way: 1/8, got ${f.test!.p}`);
  const subject = (row: number) => ({ subject: row % 2 ? "law" : "art" });
  const strata = compareQuality({ t: { base: result(right(10, subject)), x: result(right(18, subject)) } }).findings[0];
  assert.ok(Math.abs(strata.mcNemar.p! - 2 / 2 ** 8) < 1e-12);
});

Deno.test("no difference found is a sentence, with what it would take", () => {
  const swapped = right(10).map((item, row) => row === 0 ? { correct: 0 } : row === 39 ? { correct: 1 } : item);
  const compared = compareQuality({ hellaswag: { base: result(right(10)), int4: result(swapped) } });
  assert.equal(compared.findings[0].verdict, "unclear");
  const [sentence] = qualitySentences(compared);
  assert.match(
    sentence,
    /^int4, hellaswag acc: no difference found to base, 0 pp \[−\d+, \+?\d+\] \(40 items; a difference of 1 pp would need 4,026\)\.$/,
  );
  const text = String(qualityTable(compared));
  assert.match(text, /no difference found/);
  assert.match(text, /1\.0 McNemar, exact/);
});

Deno.test("equal results: sameness in the log-likelihoods, no variance to plan from", () => {
  const gold = (row: number) => ({ goldLogLikelihood: -row, gold: 0, choiceBytes: [4, 2], logLikelihoods: [-row, -9] });
  const [f] = compareQuality({ t: { base: result(right(10, gold)), x: result(right(10, gold)) } }).findings;
  assert.equal(f.itemsForOnePoint, null);
  assert.deepEqual([f.goldDifference!.point, f.bitsDifference!.point, f.mcNemar.p], [0, 0, 1]);
});

Deno.test("beside accuracy stand ln p and bits per byte of the right choice", () => {
  const gold = (shift: number) => (row: number) => ({
    goldLogLikelihood: -8 + shift,
    gold: 1,
    choiceBytes: [1, 2 + row % 2],
  });
  const [f] = compareQuality({ t: { base: result(right(10, gold(0))), x: result(right(10, gold(1))) } }).findings;
  assert.equal(f.goldDifference!.point, 1);
  // each item has 1 / ln 2 bits less; 40 items have 20 * 2 + 20 * 3 bytes
  assert.ok(Math.abs(f.bitsDifference!.point + 40 / Math.LN2 / 100) < 1e-12);
});

Deno.test("text is compared in bits per byte, where a point has no meaning", () => {
  const text = (bits: number) =>
    result(Array.from({ length: 9 }, (_, i) => ({ bits: bits + i % 3, bytes: 10 })), "bits_per_byte");
  const [f] = compareQuality({ bits_per_byte: { base: text(20), x: text(30) } }).findings;
  assert.equal(f.difference.point, 1);
  assert.equal(f.verdict, "worse");
  assert.deepEqual([f.gained, f.lost, f.itemsForOnePoint], [null, null, null]);
  assert.deepEqual(f.mcNemar, { p: null, why: "an item is no plain yes or no" });
});

Deno.test("comparePaired() refuses what was not the same question, and says on how many items", () => {
  const ours = { ...result(right(10)), task: "hellaswag" };
  assert.equal(comparePaired({ ours, theirs: result(right(12)) }).findings[0].difference.point, -0.05);
  const others = result(right(12, (row) => row < 4 ? {} : { promptHash: "else" }));
  assert.throws(
    () => comparePaired({ ours, theirs: others }),
    /hellaswag, ours and theirs: 36 of 40 shared items have different prompts \(prompt_hash\), the first is row 4/,
  );
  assert.throws(
    () => comparePaired({ ours: result(right(1, () => ({ gold: 1 }))), theirs: result(right(1, () => ({ gold: 2 }))) }),
    /40 of 40 shared items have different right answers/,
  );
  assert.throws(() => comparePaired({ ours: result([]), theirs: others }), /share no item/);
  assert.throws(
    () => comparePaired({ ours: result(right(1), "acc", { shots: 5 }), theirs: result(right(1), "acc", { shots: 0 }) }),
    /shots 5 and shots 0 are different questions/,
  );
  assert.throws(
    () => compareQuality({ t: { a: others } }, { baseline: "b" }),
    /"b" is none of the models; there are: a/,
  );
});

Deno.test("comparePaired() refuses other choices and other delimiters behind the same prompts, and says which", () => {
  const prompt = { context: "Q:", gold: 0 };
  const asked = (continuations: string[], delimiter = " ") =>
    result(
      Array.from({ length: 8 }, (_, row) => {
        const scores = continuations.map((_, i) => ({ logLikelihood: -i, isGreedy: false, tokens: 1 }));
        const given = row < 3 ? ["a", "b"] : continuations; // the first three are the same in all
        return choiceItem(row, undefined, {
          ...prompt,
          continuations: given.map((choice) => (row < 3 ? " " : delimiter) + choice),
          choices: given,
        }, scores.slice(0, given.length));
      }),
    );
  const ours = { ...asked(["a", "b"]), task: "t" };
  assert.deepEqual(comparePaired({ ours, theirs: asked(["a", "b"]) }).notes, []);
  const refused: [QualityResult, RegExp][] = [
    [asked(["a", "b"], "\n"), /5 of 8 shared items have .* different continuations: another target delimiter.* row 3;/],
    [asked(["b", "a"]), /different continuations: another target delimiter, other choices or another order of them/],
    [asked(["a", "bcd"]), /5 of 8 shared items have the same prompt but different choices, the first is row 3/],
    [asked(["a", "b", "c"]), /different numbers of choices \(2 and 3\)/],
  ];
  for (const [theirs, message] of refused) assert.throws(() => comparePaired({ ours, theirs }), message);
  const word = (continuation: string) =>
    result([completionItem(0, { context: "A", continuation }, { logLikelihood: -1, isGreedy: true, tokens: 1 })]);
  assert.throws(() => comparePaired({ ours: word(" B"), theirs: word("B") }), /different continuations/);
});

Deno.test("what results of earlier versions cannot show is noted, not passed over", () => {
  const scored = right(2, () => ({ logLikelihoods: [-1, -2], requestHash: "h" }));
  const ours = { ...result(scored), task: "t" };
  const earlier = result(scored.map(({ requestHash: _, ...item }) => item));
  assert.match(
    comparePaired({ ours, theirs: earlier }).notes.join("\n"),
    /^t, ours and theirs: 40 of 40 .* choices or/,
  );
  const bare = result(scored.map((item) => ({ ...item, promptHash: "" })));
  assert.match(comparePaired({ ours, theirs: bare }).notes.join("\n"), /40 of 40 .* of their prompt .* only their row/);
  assert.match(String(qualityTable(comparePaired({ ours, theirs: earlier }))), /evaluate again to have it checked/);
});
