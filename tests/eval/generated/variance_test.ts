import assert from "node:assert/strict";
import { nestedVariance } from "../../../lib/eval/generated/nested_variance.ts";
import { varianceParts } from "../../../lib/eval/generated/variance.ts";
import type { EvalItem } from "../../../lib/eval/types.ts";
import { seededRandom } from "../../../lib/stats/random.ts";

const near = (got: number | null, want: number, what = "") =>
  assert.ok(got !== null && Math.abs(got - want) < 1e-12, `${what} ${got}, not ${want}`);

/** Items of outcomes 0 or 1, shape [problems][seeds][samples]. */
function items(y: number[][][]): EvalItem[] {
  return y.map((seeds, row) => ({
    ...{ row, correct: 0, tokens: 0, promptHash: "" },
    samples: seeds.flatMap((samples, seed) =>
      samples.map((passed, sample) => ({
        ...{ seed, sample, completion: "", tokens: 1, finishReason: "stop" as const },
        verdict: passed ? "passed" as const : "failed" as const,
      }))
    ),
  }));
}

Deno.test("nestedVariance() gives a textbook's components", () => {
  // By hand: seed means 2, 6 | 11, 15 | 8, 12; problem means 4, 13, 10; mean 9.
  // MSE = 6 x 2 / 6 = 2, MSS = 2 x 3 x 8 / 3 = 16, MSP = 4 x (25 + 16 + 1) / 2 = 84.
  const around = (mean: number) => [mean - 1, mean + 1];
  const y = [[around(2), around(6)], [around(11), around(15)], [around(8), around(12)]];
  const { mean, between, seeds, samples, stderr } = nestedVariance(y);
  near(mean, 9);
  near(samples, 2);
  near(seeds, (16 - 2) / 2);
  near(between, (84 - 16) / 4);
  near(stderr, Math.sqrt(84 / 12));
  near(stderr ** 2, (between + seeds! / 2 + samples! / 4) / 3);
});

Deno.test("nestedVariance() pools a mean square that is below the one within it", () => {
  // seeds alike: MSE = 4 x 2 / 4 = 2, MSS = 0, pooled (8 + 0) / (4 + 2) = 4/3; MSP = 4 x (1 + 1) / 1 = 8
  const around = (mean: number) => [mean - 1, mean + 1];
  const seedless = nestedVariance([[around(0), around(0)], [around(2), around(2)]]);
  near(seedless.samples, 4 / 3);
  near(seedless.seeds, 0);
  near(seedless.between, (8 - 4 / 3) / 4);
  // problems alike too: all is samples, 8 / 7
  const alike = nestedVariance([[around(0), around(0)], [around(0), around(0)]]);
  near(alike.samples, 8 / 7);
  near(alike.between, 0);
  near(alike.stderr, Math.sqrt(8 / 7 / 8));
});

Deno.test("nestedVariance() refuses one problem and lengths that differ", () => {
  assert.throws(() => nestedVariance([[[1]]]), /needs at least 2 problems with outcomes, got 1/);
  assert.throws(() => nestedVariance([]), /got 0/);
  assert.throws(() => nestedVariance([[[1, 0]], [[1]]]), /same seeds \(1\) and samples of each \(2\)/);
});

Deno.test("varianceParts() shares the variance of the mean pass@1 between items, seeds and samples", () => {
  // by hand: MSE = 1/4, MSS = 1/4, MSP = 1/2
  const parts = varianceParts(items([[[1, 1], [1, 0]], [[0, 0], [0, 1]]]), { temperature: 1 });
  near(parts.mean, 0.5);
  near(parts.stderr, 0.25); // sd of the problem means 0.75 and 0.25 over sqrt 2
  near(parts.parts.items!.component, 1 / 16);
  near(parts.parts.items!.share, 0.5);
  near(parts.parts.seeds!.share, 0);
  near(parts.parts.samples!.component, 1 / 4);
  near(parts.parts.samples!.share, 0.5);
  near(parts.stderrAtBest.samples, Math.sqrt(1 / 32));
  near(parts.stderrAtBest.seeds, Math.sqrt(1 / 32));
  near(parts.runStd, Math.sqrt(1 / 4 / 2 / 2)); // of one run: 2 problems with 2 samples
  assert.deepEqual(parts.runs, [{ seed: 0, score: 0.5 }, { seed: 1, score: 0.5 }]);
  assert.deepEqual(parts.notes, [
    "standard error 25.00 points; 50 % of its variance is between problems, so more samples or seeds would at best " +
    "narrow it to 17.68, and only more problems go below that",
  ]);
});

Deno.test("varianceParts() says what a design cannot tell apart", () => {
  const greedy = varianceParts(items([[[1]], [[0]], [[0]]]), { temperature: 0 });
  assert.deepEqual(greedy.parts, { items: null, seeds: null, samples: null });
  near(greedy.stderr, 1 / 3); // sd sqrt(1/3) over sqrt 3
  assert.deepEqual([greedy.runStd, greedy.stderrAtBest], [null, { samples: null, seeds: null }]);
  assert.deepEqual(greedy.notes, ["one greedy run: no variance over runs can be seen"]);
  const single = varianceParts(items([[[1]], [[0]]]), { temperature: 0.2 });
  assert.match(single.notes[0], /one sample of each problem/);

  // MSE = (1/2 + 1/2) / 2 = 1/2 and MSP = 2 x 0 = 0 are pooled: (1 + 0) / 3
  const oneSeed = varianceParts(items([[[1, 0]], [[0, 1]]]), { temperature: 0.2 });
  assert.equal(oneSeed.parts.seeds, null);
  near(oneSeed.parts.samples!.component, 1 / 3);
  near(oneSeed.parts.samples!.share, 1);
  assert.match(oneSeed.notes[0], /one seed: what seeds add cannot be told from samples/);

  const oneSample = varianceParts(items([[[1], [0]], [[0], [0]]]), { temperature: 0.2 });
  assert.equal(oneSample.parts.seeds, null);
  near(oneSample.parts.samples!.component, 1 / 4); // MSS = 1/2 / 2 = 1/4; MSP = 2 x 2 x 1/16 / 1 = 1/4
  assert.match(oneSample.notes[0], /one sample a seed/);
  assert.equal(oneSample.stderrAtBest.samples, null);
  near(oneSample.stderrAtBest.seeds, 0);
});

Deno.test("varianceParts() of a task that is never solved splits nothing", () => {
  const { parts, stderr, notes } = varianceParts(items([[[0, 0], [0, 0]], [[0, 0], [0, 0]]]), { temperature: 1 });
  assert.deepEqual([parts, stderr], [{ items: null, seeds: null, samples: null }, 0]);
  assert.match(notes.join("\n"), /nothing varies/);
});

Deno.test("varianceParts() finds the components of simulated problems, and the standard error of their mean", () => {
  const random = seededRandom(11);
  const P = 40, S = 3, M = 4, TIMES = 400;
  const found: { items: number; seeds: number; samples: number; mean: number; stderr: number }[] = [];
  for (let t = 0; t < TIMES; t++) {
    // a problem is solved with p = 0.2 or 0.6, a seed moves it by 0.1 up or down
    const y = Array.from({ length: P }, () => {
      const p = random.next() < 0.5 ? 0.2 : 0.6;
      return Array.from({ length: S }, () => {
        const own = random.next() < 0.5 ? p - 0.1 : p + 0.1;
        return Array.from({ length: M }, () => Number(random.next() < own));
      });
    });
    const { parts, mean, stderr } = varianceParts(items(y), { temperature: 1 });
    found.push({
      items: parts.items!.component,
      seeds: parts.seeds!.component,
      samples: parts.samples!.component,
      mean,
      stderr,
    });
  }
  const average = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const close = (got: number, want: number, by: number) => assert.ok(Math.abs(got - want) < by, `${got}, not ${want}`);
  close(average(found.map((f) => f.items)), 0.04, 0.002); // (0.6 - 0.2)^2 / 4
  close(average(found.map((f) => f.seeds)), 0.01, 0.002); // 0.1^2
  close(average(found.map((f) => f.samples)), 0.19, 0.002); // p(1 - p): mean of 0.09, 0.21, 0.25, 0.21
  const means = found.map((f) => f.mean), centre = average(means);
  const spread = Math.sqrt(average(means.map((m) => (m - centre) ** 2)));
  close(average(found.map((f) => f.stderr)) / spread, 1, 0.08);
});
