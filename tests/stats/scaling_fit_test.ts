import assert from "node:assert/strict";
import { type Random, seededRandom } from "../../lib/stats/random.ts";
import { leastSquaresMatrix } from "../../lib/stats/polynomial.ts";
import { atLeastZero, fitScaling, fittedAt, type ScalingSample } from "../../lib/stats/scaling_fit.ts";

const QUADRATIC = [6.178307031442889, 0.36278342944927205, 0.00025540940356951765];
const LINEAR = [3.7996088431347506, 0.46568246313405304];
const near = (got: number, want: number, relative = 1e-9) =>
  assert.ok(Math.abs(got - want) <= relative * Math.abs(want), `${got} is not ${want}`);

Deno.test("leastSquaresMatrix() gives the weighted fits of numpy 2.4.6's polyfit", () => {
  const x = [16, 64, 128, 256, 512, 1024], y = [12.1, 30.2, 55.9, 118.4, 260.7, 640.2];
  const weights = y.map((v) => v ** -2);
  const fit = (degree: number) =>
    leastSquaresMatrix(x, degree, weights).map((row) => row.reduce((s, m, i) => s + m * y[i], 0));
  QUADRATIC.forEach((want, i) => near(fit(2)[i], want));
  LINEAR.forEach((want, i) => near(fit(1)[i], want));
});

/** Six blocks at six lengths: 2 % noise of a run, 3 % of a process, all of its lengths alike. */
function simulated(random: Random, [a, b, c]: number[], process = 0.03): ScalingSample[] {
  return Array.from({ length: 6 }, (_, block) => {
    const own = 1 + process * random.normal();
    return [64, 128, 256, 512, 1024, 2048].map((length) => ({
      block,
      length,
      value: (a + b * length + c * length ** 2) * own * (1 + 0.02 * random.normal()),
    }));
  }).flat();
}

for (
  const [name, truth] of [["a + b S + c S^2", [8, 0.5, 2e-4]], ["a + b S, no quadratic term", [8, 0.5, 0]]] as const
) {
  Deno.test(`95 % intervals of ${name} miss 4-6 % of the time, also when processes differ`, () => {
    const random = seededRandom(1), trials = 2000, misses = [0, 0, 0, 0];
    const at = 3000, want = truth[0] + truth[1] * at + truth[2] * at ** 2;
    for (let i = 0; i < trials; i++) {
      const fit = fitScaling(simulated(random, [...truth]), 2);
      [...fit.coefficients, fittedAt(fit, at)].forEach(({ low, high }, p) => {
        const right = p < 3 ? truth[p] : want;
        if (low! > right || high! < right) misses[p]++;
      });
    }
    for (const m of misses) assert.ok(m / trials > 0.035 && m / trials < 0.065, `${misses} of ${trials}`);
  });
}

Deno.test("the residuals show a curve that a line does not follow", () => {
  const samples = [0, 1].flatMap((block) =>
    [1, 2, 3, 4].map((length) => ({ block, length, value: length ** 2 + block * 1e-3 }))
  );
  const signs = fitScaling(samples, 1).points.map((p) => Math.sign(p.relativeResidual));
  assert.deepEqual(signs, [1, -1, 1, 1]); // the weights keep the line near the small values
  assert.ok(fitScaling(samples, 2).points.every((p) => Math.abs(p.relativeResidual) < 1e-9));
});

Deno.test("atLeastZero() keeps the part of an interval that can be true", () => {
  const of = (low: number, point: number, high: number) => {
    const cut = atLeastZero({ point, low, high, level: 0.95, n: 6 });
    return [cut.low, cut.point, cut.high];
  };
  assert.deepEqual(of(-1, 2, 5), [0, 2, 5]);
  assert.deepEqual(of(-5, -2, 1), [0, 0, 1]);
  assert.deepEqual(of(-5, -2, -1), [0, 0, 0]);
});

Deno.test("samples that can't be fitted are named", () => {
  const at = (block: number, length: number, value = 1) => ({ block, length, value });
  assert.throws(() => fitScaling([at(0, 1), at(0, 2)], 1), /at least 2 blocks, got 1/);
  assert.throws(() => fitScaling([at(0, 1), at(1, 1)], 1), /at least 2 distinct lengths, got 1/);
  assert.throws(() => fitScaling([at(0, 1), at(0, 2), at(1, 1)], 1), /block 1 has no value at length 2/);
  assert.throws(() => fitScaling([at(0, 1, -3), at(1, 1)], 1), /positive, got -3 at length 1/);
  assert.throws(() => fitScaling([at(0, 1), at(1, 2)], 3 as 2), /degree must be 1 or 2, got 3/);
});
