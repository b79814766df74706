import assert from "node:assert/strict";
import { holm } from "../../lib/stats/holm.ts";
import { permutationTest, signFlipTest } from "../../lib/stats/permutation.ts";
import { qualityVerdict, speedVerdict } from "../../lib/stats/verdict.ts";

Deno.test("signFlipTest() counts all sign patterns of few units, and samples when they are many", () => {
  assert.deepEqual(signFlipTest([1, 1, 1]), { p: 2 / 8, exact: true, resamples: 8 });
  assert.equal(signFlipTest([1, -1, 1, -1]).p, 1);
  const many = signFlipTest(Array(30).fill(1), { resamples: 999 });
  assert.deepEqual([many.p, many.exact], [1 / 1000, false]);
});

Deno.test("permutationTest() keeps the true group sizes: 1 against 3 can't have p below 1/4", () => {
  const { p } = permutationTest([10], [1, 2, 3], { resamples: 20_000, seed: 2 });
  assert.ok(Math.abs(p - 0.25) < 0.015, `p ${p}`);
});

Deno.test("holm() multiplies the smallest by m, and never falls", () => {
  assert.deepEqual(holm([0.04, 0.01, 0.03]).map((p) => +p.toFixed(10)), [0.06, 0.03, 0.06]); // R: p.adjust(c(.04,.01,.03), "holm")
  assert.throws(() => holm([2]), /got 2/);
});

Deno.test("speedVerdict() claims a difference only beyond the band and sameness only inside it", () => {
  const v = (low: number | null, high: number | null) => speedVerdict({ wide: { low, high }, narrow: { low, high } });
  assert.equal(v(1.011, 1.3), "faster");
  assert.equal(v(1.005, 1.3), "unclear"); // excludes 1, but not the band
  assert.equal(v(0.8, 0.98), "slower");
  assert.equal(v(0.995, 1.008), "same");
  assert.equal(v(0.9, 1.1), "unclear");
  assert.equal(v(null, null), "unclear");
  assert.equal(v(1 / 1.3, 1 / 1.011), "slower"); // the models exchanged
});

Deno.test("qualityVerdict() knows which direction is better", () => {
  const v = (low: number, high: number, higherIsBetter?: boolean) =>
    qualityVerdict({ wide: { low, high }, narrow: { low, high } }, { higherIsBetter });
  assert.equal(v(0.03, 0.1), "better");
  assert.equal(v(0.03, 0.1, false), "worse");
  assert.equal(v(-0.1, -0.03), "worse");
  assert.equal(v(-0.01, 0.015), "same");
  assert.equal(v(-0.05, 0.01), "unclear");
});
