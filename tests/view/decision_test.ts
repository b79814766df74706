import assert from "node:assert/strict";
import { type Candidate, decide, decideAmong, type Relation } from "../../lib/view/decision.ts";
import { defaultCriteria, relations } from "../../lib/view/decision_criteria.ts";
import { showComparison } from "../../lib/view/comparison_view.ts";
import { verdictSentences } from "../../lib/view/verdict_sentences.ts";
import { BASE, fakeComparison } from "./fake_comparison.ts";

const at = (point: number) => ({ point, low: point, high: point, level: 0.95, n: 20 });
const candidate = (name: string, speed: number, quality: number, memoryGb: number): Candidate => ({
  name,
  speed: at(speed),
  quality: at(quality),
  memoryGb,
});
/** Differs where the numbers differ by more than a tenth; more is better in quality here. */
function byNumbers(all: Candidate[]) {
  const sign = (a: number, b: number) => Math.abs(a - b) <= 0.1 * Math.max(a, b) ? 0 : Math.sign(a - b);
  return (a: string, b: string): Relation => {
    const [x, y] = [a, b].map((n) => all.find((c) => c.name === n)!);
    return {
      speed: sign(x.speed!.point, y.speed!.point),
      quality: sign(x.quality!.point, y.quality!.point),
      memory: -sign(x.memoryGb!, y.memoryGb!),
    };
  };
}

Deno.test("decide() takes the fastest of those whose quality cannot be told apart", () => {
  const decision = decide(fakeComparison(), { memoryGb: 1, decodeTokensPerS: 30 });
  assert.equal(decision.chosen, "int4");
  assert.equal(
    decision.sentence,
    `Within at most 1 GB and at least 30 tok/s, choose int4; ${BASE} is dominated by int4 (slower, larger in memory); ` +
      "24 of 30 layers is dominated by int4 (slower, worse in quality, larger in memory).",
  );
});

Deno.test("decide() names what is outside the limits, and says when nothing is inside", () => {
  const decision = decide(fakeComparison(), { memoryGb: 0.7 });
  assert.deepEqual(decision.outside, [{ name: BASE, why: ["0.750 GB"] }]);
  const none = decide(fakeComparison(), { decodeTokensPerS: 500 });
  assert.equal(none.chosen, null);
  assert.match(
    none.sentence,
    /^No model keeps to at least 500 tok\/s: llama fp32 \(from Q4_1\) \(46\.9 tok\/s\); int4/,
  );
});

Deno.test("decideAmong() tells indistinguishable models and trade-offs from dominated ones", () => {
  const all = [
    candidate("A", 100, 50, 1),
    candidate("twin of A", 101, 51, 1),
    candidate("fast", 300, 20, 1),
    candidate("slow", 50, 20, 1),
  ];
  const decision = decideAmong(all, byNumbers(all), {}, true);
  assert.equal(decision.chosen, "A");
  assert.deepEqual(decision.indistinguishable, ["twin of A"]);
  assert.deepEqual(decision.tradeoffs, [{ name: "fast", better: ["faster"], worse: ["worse in quality"] }]);
  assert.deepEqual(decision.dominated, [{ name: "slow", by: "A", why: ["slower", "worse in quality"] }]);
  assert.equal(
    decision.sentence,
    "Quality first, choose A; twin of A is indistinguishable from it; slow is dominated by A (slower, worse in quality); " +
      "fast is faster but worse in quality.",
  );
});

Deno.test("decideAmong() takes less as better where the metric says so", () => {
  const all = [candidate("A", 100, 1.0, 1), candidate("B", 100, 1.5, 1)];
  const relation = (a: string, b: string) => {
    const r = byNumbers(all)(a, b);
    return { ...r, quality: -r.quality };
  };
  assert.equal(decideAmong(all, relation, {}, false).chosen, "A");
});

Deno.test("decideAmong() says of a model what was compared, and what was not", () => {
  const all = [
    candidate("A", 100, 50, 1),
    candidate("B", 300, 0, 1),
    candidate("C", 100, 20, 1),
    candidate("D", 0, 0, 1),
  ];
  const numbers = byNumbers(all);
  const relation = (a: string, b: string) => {
    const names = [a, b];
    if (names.includes("D")) return { speed: null, quality: null, memory: null }; // failed before it ran
    return { ...numbers(a, b), quality: names.includes("B") ? null : numbers(a, b).quality }; // B did not do the task
  };
  const decision = decideAmong(all, relation, {}, true);
  assert.equal(
    decision.sentence,
    "Quality first, choose A; C is dominated by A (worse in quality); B is faster, its quality not compared; D could not be " +
      "compared.",
  );
  assert.deepEqual([decision.ground, decision.unplaced], ["quality", ["D"]]);
});

Deno.test("decideAmong() never chooses a dominated model, and takes the smaller where nothing else differs", () => {
  const all = [candidate("A", 100, 50, 2), candidate("B", 101, 50, 1)];
  const decision = decideAmong(all, byNumbers(all), {}, true);
  assert.equal(
    decision.sentence,
    "Choose B by memory: no difference in quality or speed was found; A is dominated by B (larger in memory).",
  );
});

Deno.test("decide() calls one pair in one setting as the summary does, which has a single comparison", () => {
  const fake = fakeComparison(), names = [BASE, "int4"];
  // Logarithms of six blocks' ratios, -0.138 +- 0.1: standard error 0.0447. With t of 5 degrees of freedom their interval
  // ends at -0.023 for one comparison (t = 2.571, slower) and at +0.003 for two (t = 3.163, no difference).
  const rounds = Array.from({ length: 6 }, (_, block) => {
    const speeds = [100, 100 * Math.exp(-0.138 + (block % 2 ? 0.1 : -0.1))];
    const samples = names.map((name, i) => [name, { throughputTokensPerS: speeds[i], decodeTokensPerS: speeds[i] }]);
    return { config: "p5_l64", block, round: block, order: names, samples: Object.fromEntries(samples) };
  });
  const models = Object.fromEntries(names.map((name) => [name, fake.raw.models[name]]));
  const raw = { ...fake.raw, models, rounds, settings: fake.raw.settings.slice(0, 1), tasks: {} };
  assert.equal(decide({ ...fake, raw }).ground, "speed");
});

Deno.test("among three models, too, decide() calls a pair with the baseline as the summary does", () => {
  const fake = fakeComparison(), names = [BASE, "int4", "24 of 30 layers"];
  // As above, -0.153 +- 0.1: it ends at -0.012 for the summary's two comparisons (t = 3.163, slower), and at +0.005 for the
  // three pairs of three models (t = 3.534).
  const rounds = Array.from({ length: 6 }, (_, block) => {
    const speeds = [100, 100 * Math.exp(-0.153 + (block % 2 ? 0.1 : -0.1)), 100];
    const samples = names.map((name, i) => [name, { throughputTokensPerS: speeds[i], decodeTokensPerS: speeds[i] }]);
    return { config: "p5_l64", block, round: block, order: names, samples: Object.fromEntries(samples) };
  });
  const comparison = { ...fake, raw: { ...fake.raw, rounds, settings: fake.raw.settings.slice(0, 1), tasks: {} } };
  const relation = relations(comparison, defaultCriteria(comparison));
  assert.deepEqual([relation(BASE, "int4").speed, relation("int4", BASE).speed], [1, -1]);
  assert.equal(relation("24 of 30 layers", "int4").speed, 0);
});

Deno.test("two names of one model do not differ, whatever was measured, and it is said", () => {
  const fake = fakeComparison(), comparison = { ...fake, raw: { ...fake.raw, identical: [[BASE, "int4"]] } };
  const relation = relations(comparison, defaultCriteria(comparison));
  assert.deepEqual(relation(BASE, "int4"), { quality: 0, speed: 0, memory: 0 });
  assert.equal(relation(BASE, "24 of 30 layers").quality, 1);
  const words = `${BASE} and int4 are one and the same model: what differs between them is noise.`;
  assert.ok(verdictSentences(comparison).includes(words));
  assert.ok(showComparison(comparison).toString().includes(words));
});
