import assert from "node:assert/strict";
import { choiceItem } from "../../lib/eval/choice_item.ts";
import { accuracy, aggregate, bitsPerByte, chanceLevel, higherIsBetter } from "../../lib/eval/metrics.ts";
import { findTask } from "../../lib/eval/registry.ts";
import type { ScoredTask } from "../../lib/eval/task.ts";
import { textItem } from "../../lib/eval/text_item.ts";
import type { EvalItem } from "../../lib/eval/types.ts";
import { seededRandom } from "../../lib/stats/random.ts";

const item = (row: number, correct: number, more: Partial<EvalItem> = {}): EvalItem => ({
  row,
  correct,
  tokens: 1,
  promptHash: "",
  ...more,
});
const items = (right: number, n: number, more?: Partial<EvalItem>) =>
  Array.from({ length: n }, (_, i) => item(i, Number(i < right), more));
const near = (a: number | null | undefined, b: number, digits = 9) =>
  assert.ok(Math.abs(a! - b) < 10 ** -digits, `${a} is not ${b}`);

const scoredTask = (name: string) => findTask(name) as ScoredTask;

Deno.test("accuracy() of independent items has Wilson's interval and lm-eval's stderr", () => {
  const { point, low, high, n, stderr } = accuracy(items(30, 100), "acc", 0.95);
  near(point, 0.3);
  near(stderr, 0.04605661864718382); // lm-eval 0.4.13, mean_stderr
  near(low, 0.218949, 6); // Wilson 1927, worked out in Python with statistics.NormalDist
  near(high, 0.395849, 6);
  assert.equal(n, 100);
});

Deno.test("accuracy() over subjects pools lm-eval's stderr and keeps the micro average", () => {
  const both = [...items(30, 100, { subject: "a" }), ...items(60, 200, { subject: "b" })];
  const { point, stderr } = accuracy(both, "acc", 0.95);
  near(point, 0.3);
  near(stderr, 0.026546148243712965); // lm-eval 0.4.13, pooled_sample_stderr of 100 and 200 items
});

Deno.test("accuracy() over fixed strata is narrower than over one pool, where subjects differ", () => {
  const easy = items(95, 100, { subject: "easy" }), hard = items(5, 100, { subject: "hard" });
  const strata = accuracy([...easy, ...hard], "acc", 0.95), pool = accuracy(items(100, 200), "acc", 0.95);
  assert.ok(strata.high! - strata.low! < 0.5 * (pool.high! - pool.low!));
});

Deno.test("accuracy() of clusters that agree within says no more than the clusters do", () => {
  const clustered = [1, 1, 0, 0].map((c, i) => item(i, c, { cluster: i < 2 ? "x" : "y" }));
  const { low, high, n, stderr } = accuracy(clustered, "acc", 0.95);
  near(low, 0.0546, 4); // by hand: two opposite clusters are worth one observation; Wilson of 0.5 with n = 1
  near(high, 0.9454, 4);
  assert.equal(n, 4);
  near(stderr, Math.sqrt(1 / 3) / 2);
  const one = accuracy(items(1, 2, { cluster: "x" }), "acc", 0.95);
  near(one.low, 0.0546, 4);
  const none = accuracy([0, 0, 0, 0].map((c, i) => item(i, c, { cluster: i < 2 ? "x" : "y" })), "acc", 0.95);
  near(none.high, 0.6576, 4); // Wilson of 0 of 2 clusters
});

Deno.test("accuracy() of one item, or of one in each subject, leaves stderr out and keeps real bounds", () => {
  const { low, high, stderr } = accuracy(items(1, 1), "acc", 0.95);
  near(low, 0.2065, 4); // Wilson of 1 of 1
  assert.equal(high, 1);
  assert.equal(stderr, undefined);
  const spread = accuracy([item(0, 1, { subject: "a" }), item(0, 0, { subject: "b" })], "acc", 0.95);
  assert.equal(spread.stderr, undefined);
  assert.ok(spread.low! < 0.5 && spread.high! > 0.5);
});

Deno.test("bitsPerByte() is all bits over all bytes, its interval that of a ratio of sums", () => {
  const documents = [item(0, 0, { bits: 8, bytes: 4 }), item(1, 0, { bits: 20, bytes: 5 })];
  const { point, low, high, stderr } = bitsPerByte(documents, 0.95);
  near(point, 28 / 9);
  near(stderr, 0.9876543, 6); // by hand: residuals -40/9 and 40/9; sqrt(2 * 2 * (40/9)^2) / 9
  near(high! - point, 12.5494, 3); // t with one degree of freedom, 12.706
  near(point - low!, high! - point);
  assert.deepEqual(bitsPerByte(documents.slice(1), 0.95), { point: 4, low: null, high: null, level: 0.95, n: 1 });
});

Deno.test("perplexity of text is 2 to the bits per byte and per word, as lm-eval's wikitext", () => {
  // lm-eval 0.4.13, weighted_perplexity: exp(28 ln 2 / words) and exp(28 ln 2 / bytes)
  const documents = [item(0, 0, { bits: 8, bytes: 4, words: 1 }), item(1, 0, { bits: 20, bytes: 5, words: 3 })];
  const { metrics } = aggregate(scoredTask("perplexity"), documents, 0.95);
  near(metrics.word_perplexity.point, 128);
  near(metrics.byte_perplexity.point, 2 ** (28 / 9));
  near(metrics.bits_per_byte.point, 28 / 9);
  near(metrics.byte_perplexity.stderr! / metrics.byte_perplexity.point, Math.LN2 * 0.9876543, 6);
  near(Math.log2(metrics.byte_perplexity.high!), metrics.bits_per_byte.high!);
  assert.equal(higherIsBetter("word_perplexity"), false);
  assert.equal(
    textItem(0, undefined, " two words\u0085", [{ logLikelihood: -1, isGreedy: false, tokens: 1 }]).words,
    4,
  );
});

Deno.test("aggregate() gives subjects and the groups that occur", () => {
  const all = [
    ...items(1, 2, { subject: "anatomy" }),
    ...items(3, 4, { subject: "virology" }),
    ...items(0, 3, { subject: "astronomy" }),
  ];
  const { metrics, groups } = aggregate(scoredTask("mmlu"), all, 0.95);
  assert.deepEqual(Object.keys(groups), ["stem", "other", "anatomy", "virology", "astronomy"]);
  near(metrics.acc.point, 4 / 9);
  assert.equal(groups.other.n, 4);
  near(groups.virology.metrics.acc.point, 0.75);
});

Deno.test("chanceLevel() follows the number of choices", () => {
  const two = item(0, 1, { logLikelihoods: [-1, -2] }), four = item(1, 1, { logLikelihoods: [-1, -2, -3, -4] });
  assert.deepEqual(chanceLevel(scoredTask("mmlu"), [two, four]), { acc: 0.375 });
  assert.deepEqual(chanceLevel(scoredTask("bits_per_byte"), [item(0, 0, { bits: 1, bytes: 1 })]), {});
});

Deno.test("choiceItem() compares sums, sums per character and sums per byte; the first wins a tie", () => {
  const prompt = { context: "c", continuations: [" éé", " bbb"], choices: ["éé", "bbb"], gold: 0 };
  const scores = (a: number, b: number) =>
    [a, b].map((logLikelihood) => ({ logLikelihood, isGreedy: false, tokens: 2 }));
  const verdicts = (a: number, b: number) => {
    const { correct, correctNorm, correctBytes } = choiceItem(0, undefined, prompt, scores(a, b));
    return [correct, correctNorm, correctBytes];
  };
  assert.deepEqual(verdicts(-4, -4.5), [1, 0, 1]); // per character -2 and -1.5, per byte -1 and -1.5
  assert.deepEqual(verdicts(-4, -4), [1, 0, 1]);
  assert.deepEqual(verdicts(-5, -3), [0, 0, 0]);
  const { goldLogLikelihood, tokens, choiceChars, choiceBytes } = choiceItem(0, undefined, prompt, scores(-4, -3));
  assert.deepEqual([goldLogLikelihood, tokens, choiceChars, choiceBytes], [-4, 4, [2, 3], [4, 3]]);
});

Deno.test("intervals over few strata or clusters hold the truth about 95 times of 100", () => {
  const random = seededRandom(1);
  const covered = (draw: () => EvalItem[], truth: number) => {
    let inside = 0;
    for (let run = 0; run < 500; run++) {
      const { low, high } = accuracy(draw(), "acc", 0.95);
      if (low! <= truth && truth <= high!) inside++;
    }
    return inside / 500;
  };
  const chances = [0.2, 0.4, 0.5, 0.7, 0.9];
  const strata = () =>
    chances.flatMap((p, s) =>
      Array.from({ length: 10 }, (_, i) => item(i, Number(random.next() < p), { subject: `${s}` }))
    );
  const clusters = () =>
    Array.from({ length: 12 }, (_, c) => {
      const p = random.next() < 0.5 ? 0.1 : 0.6;
      return [0, 1].map((i) => item(2 * c + i, Number(random.next() < p), { cluster: `${c}` }));
    }).flat();
  for (const share of [covered(strata, 0.54), covered(clusters, 0.35)]) {
    assert.ok(share > 0.92 && share < 0.985, `${share}`);
  }
});
