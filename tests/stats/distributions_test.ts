/** Expected values: SciPy 1.x (`scipy.special.betainc`, `scipy.stats`), printed to 16 digits. */
import assert from "node:assert/strict";
import { betaQuantile, incompleteBeta, logGamma } from "../../lib/stats/beta.ts";
import { binomialCdf, normalCdf, normalQuantile, tCdf, tQuantile } from "../../lib/stats/distributions.ts";

function near(got: number, want: number, relative = 1e-10) {
  assert.ok(Math.abs(got - want) <= relative * Math.max(Math.abs(want), 1e-300), `${got}, expected ${want}`);
}

Deno.test("incompleteBeta() agrees with SciPy to 1e-10", () => {
  for (
    const [a, b, x, want] of [
      [2, 3, 0.4, 0.5247999999999999],
      [0.5, 0.5, 0.1, 0.20483276469913345],
      [10, 2.5, 0.9, 0.8121862743088557],
      [500, 700, 0.42, 0.5937664454826134],
      [2.5, 0.5, 0.999, 0.9463423453081866],
    ]
  ) near(incompleteBeta(x, a, b), want);
  assert.equal(incompleteBeta(0, 2, 3), 0);
  assert.equal(incompleteBeta(1, 2, 3), 1);
  assert.throws(() => incompleteBeta(1.1, 2, 3), /x 1.1/);
});

Deno.test("logGamma() gives ln((n - 1)!) and ln(sqrt(pi))", () => {
  near(logGamma(11), Math.log(3628800), 1e-14);
  near(logGamma(0.5), Math.log(Math.sqrt(Math.PI)), 1e-14);
});

Deno.test("tCdf() and tQuantile() agree with SciPy to 1e-10", () => {
  for (
    const [t, df, want] of [
      [0, 3, 0.5],
      [1.5, 1, 0.8128329581890011],
      [-3, 19, 0.003680862091934319],
      [40, 2, 0.9996877926639076],
      [1.2, 300.5, 0.8844577278826287],
    ]
  ) near(tCdf(t, df), want);
  for (
    const [p, df, want] of [
      [0.975, 1, 12.706204736174694],
      [0.975, 5, 2.5705818356363146],
      [0.95, 5, 2.0150483733330233],
      [0.995, 19, 2.8609346064649794],
      [0.9999, 5, 9.677566300882814],
      [0.01, 7.5, -2.9430993234067215],
      [0.975, 1000, 1.9623390808264083],
    ]
  ) near(tQuantile(p, df), want);
});

Deno.test("normalCdf() and normalQuantile() agree with SciPy, in the tails too", () => {
  for (
    const [z, want] of [
      [0, 0.5],
      [1, 0.8413447460685429],
      [-2.5, 0.006209665325776132],
      [-8, 6.22096057427174e-16],
      [5, 0.9999997133484281],
    ]
  ) near(normalCdf(z), want);
  for (
    const [p, want] of [[0.975, 1.959963984540054], [0.999, 3.090232306167813], [0.01, -2.3263478740408408], [
      1e-9,
      -5.9978070150076865,
    ]]
  ) {
    near(normalQuantile(p), want);
  }
  assert.throws(() => normalQuantile(1), /got 1/);
});

Deno.test("binomialCdf() and betaQuantile() agree with SciPy", () => {
  for (
    const [k, n, p, want] of [
      [3, 10, 0.5, 0.171875],
      [70, 72, 0.95, 0.8807694980870402],
      [0, 5, 0.2, 0.32768],
      [500, 1000, 0.52, 0.10858106325437784],
    ]
  ) near(binomialCdf(k, n, p), want);
  assert.equal(binomialCdf(-1, 5, 0.2), 0);
  near(betaQuantile(0.025, 3, 8), 0.06673951117773447);
  near(betaQuantile(0.975, 4, 7), 0.6524528500599973);
});
