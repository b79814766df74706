/** How often the methods are wrong when the truth is known. Seeded: the counts below never change. */
import assert from "node:assert/strict";
import { clusteredMean } from "../../lib/stats/clustered.ts";
import { percentileInterval } from "../../lib/stats/percentile.ts";
import { permutationTest, signFlipTest } from "../../lib/stats/permutation.ts";
import { pairedProportionInterval, wilsonInterval } from "../../lib/stats/proportion.ts";
import { type Random, seededRandom } from "../../lib/stats/random.ts";
import { blockLogRatios, type PairedSample, ratioOverBlocks } from "../../lib/stats/ratio.ts";
import { speedVerdict } from "../../lib/stats/verdict.ts";

function rate(trials: number, seed: number, hit: (random: Random) => boolean): number {
  const random = seededRandom(seed);
  let hits = 0;
  for (let i = 0; i < trials; i++) if (hit(random)) hits++;
  return hits / trials;
}
const within = (got: number, low: number, high: number) =>
  assert.ok(got >= low && got <= high, `${got} is not in [${low}, ${high}]`);

/** Rounds of two identical models: 2 % noise, AR(1) 0.9, a drift of 3 %, and 1 % of each process's own. */
function identicalModels(random: Random, noise: { ar: number; drift: number; process: number }): PairedSample[] {
  const samples: PairedSample[] = [], rounds = 24;
  let state = random.normal();
  const step = (t: number) => {
    state = noise.ar * state + Math.sqrt(1 - noise.ar ** 2) * random.normal();
    return 0.02 * state + noise.drift * t / (2 * rounds);
  };
  for (let block = 0; block < 6; block++) {
    const own = [noise.process * random.normal(), noise.process * random.normal()];
    for (let round = 0; round < 4; round++) {
      const at = 2 * (4 * block + round);
      const times = [step(at), step(at + 1)], first = random.integer(2);
      samples.push({
        block,
        candidate: Math.exp(own[0] + times[first]),
        baseline: Math.exp(own[1] + times[1 - first]),
      });
    }
  }
  return samples;
}

for (
  const [name, noise] of [
    ["independent noise", { ar: 0, drift: 0, process: 0 }],
    ["AR(1) 0.9 and a drift of 3 %", { ar: 0.9, drift: 0.03, process: 0 }],
    ["all of it and processes that differ by 1 %", { ar: 0.9, drift: 0.03, process: 0.01 }],
  ] as const
) {
  Deno.test(`between identical models, with ${name}: 4-6 % of the intervals exclude 1, under 1 % claim faster or slower`, () => {
    let claims = 0, rejections = 0;
    const trials = 5000;
    const excluded = rate(trials, 1, (random) => {
      const samples = identicalModels(random, noise);
      const wide = ratioOverBlocks(samples);
      if (["faster", "slower"].includes(speedVerdict({ wide, narrow: ratioOverBlocks(samples, { level: 0.9 }) }))) {
        claims++;
      }
      if (signFlipTest(blockLogRatios(samples)).p <= 0.05) rejections++;
      return wide.low > 1 || wide.high < 1;
    });
    within(excluded, 0.04, 0.06);
    within(claims / trials, 0, 0.01);
    within(rejections / trials, 0.02, 0.04); // 2 of 64 sign patterns: 3.1 %
  });
}

Deno.test("a difference of 3 % is found in most comparisons, and the point is right", () => {
  const found = rate(1000, 2, (random) => {
    const samples = identicalModels(random, { ar: 0.9, drift: 0.03, process: 0 }).map((s) => ({
      ...s,
      candidate: 1.03 * s.candidate,
    }));
    return ratioOverBlocks(samples).low > 1.01;
  });
  within(found, 0.9, 1);
});

Deno.test("clusteredMean() covers 95 % where items of a cluster agree", () => {
  const covered = rate(3000, 3, (random) => {
    const values: number[] = [], clusters: number[] = [];
    for (let c = 0; c < 40; c++) {
      const own = random.normal();
      for (let i = 0; i < 1 + c % 4; i++) values.push(own + random.normal()), clusters.push(c);
    }
    const { low, high } = clusteredMean(values, clusters);
    return low <= 0 && high >= 0;
  });
  within(covered, 0.935, 0.965);
});

Deno.test("score intervals cover about 95 %, for few events too", () => {
  within(
    rate(3000, 4, (random) => {
      let k = 0;
      for (let i = 0; i < 60; i++) k += random.next() < 0.1 ? 1 : 0;
      const { low, high } = wilsonInterval(k, 60);
      return low <= 0.1 && high >= 0.1;
    }),
    0.93,
    0.975,
  );
  within(
    rate(3000, 5, (random) => {
      let gained = 0, lost = 0;
      for (let i = 0; i < 100; i++) {
        const u = random.next();
        if (u < 0.06) gained++;
        else if (u < 0.1) lost++;
      }
      const { low, high } = pairedProportionInterval(gained, lost, 100);
      return low <= 0.02 && high >= 0.02;
    }),
    0.93,
    0.975,
  );
});

Deno.test("percentileInterval() covers at least 95 %: order statistics are never anti-conservative", () => {
  within(
    rate(3000, 6, (random) => {
      const x = Array.from({ length: 100 }, random.next);
      const { low, high } = percentileInterval(x, 0.95);
      return low! <= 0.95 && high! >= 0.95;
    }),
    0.945,
    1,
  );
});

Deno.test("permutationTest() rejects 5 % of equal groups of unequal size", () => {
  within(
    rate(1000, 7, (random) => {
      const a = Array.from({ length: 5 }, random.normal), b = Array.from({ length: 20 }, random.normal);
      return permutationTest(a, b, { resamples: 199, seed: random.integer(1e9) }).p <= 0.05;
    }),
    0.035,
    0.068,
  );
});
