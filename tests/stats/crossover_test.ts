import assert from "node:assert/strict";
import { crossover } from "../../lib/stats/crossover.ts";
import { type Random, seededRandom } from "../../lib/stats/random.ts";
import { fitScaling } from "../../lib/stats/scaling_fit.ts";

const LENGTHS = [128, 256, 512, 1024, 2048];

/** a + b x + c x^2 in six blocks; block factors are given, so that two models may share them. */
function fitOf(coefficients: number[], noise: (block: number) => number = () => 1, degree: 1 | 2 = 1, firstBlock = 0) {
  const [a, b, c = 0] = coefficients;
  const samples = Array.from({ length: 6 }, (_, block) =>
    LENGTHS.map((length) => ({
      block: firstBlock + block,
      length,
      value: (a + b * length + c * length ** 2) * noise(block),
    }))).flat();
  return fitScaling(samples, degree);
}

const jitter = (random: Random, size: number) => () => 1 + size * random.normal();

Deno.test("crossover() of exact lines and parabolas is where they are equal", () => {
  const line = crossover(fitOf([1, 0.01]), fitOf([9, 0.002]));
  assert.equal(line.kind, "crossing");
  assert.ok(Math.abs(line.crossings[0].length - 1000) < 1e-6);
  assert.equal(line.crossings[0].fasterBeyond, "second");
  assert.deepEqual([line.fasterAtStart, line.fasterAtEnd, line.extrapolated], ["first", "second", false]);
  // 3 + 1e-5 x^2 = 1 + 0.01 x + 0.5e-5 x^2: x = 1000 -+ sqrt(600000)
  const twice = crossover(fitOf([3, 0, 1e-5], undefined, 2), fitOf([1, 0.01, 0.5e-5], undefined, 2));
  assert.deepEqual(twice.crossings.map((c) => Math.round(c.length)), [225, 1775]);
  assert.deepEqual(twice.crossings.map((c) => c.fasterBeyond), ["first", "second"]);
  assert.equal(twice.kind, "several");
});

Deno.test("one that is faster at every length never crosses; the same one is nowhere told apart", () => {
  const random = seededRandom(3);
  const never = crossover(fitOf([1, 0.01], jitter(random, 0.01)), fitOf([3, 0.02], jitter(random, 0.01)));
  assert.deepEqual([never.kind, never.fasterAtStart, never.fasterAtEnd, never.crossings], [
    "never",
    "first",
    "first",
    [],
  ]);
  const same = fitOf([1, 0.01], jitter(random, 0.01));
  assert.equal(crossover(same, same).kind, "indistinguishable");
});

Deno.test("where the slopes may be equal the interval has no upper end", () => {
  const random = seededRandom(5);
  const open = crossover(fitOf([1, 0.01], jitter(random, 0.02)), fitOf([2, 0.0098], jitter(random, 0.02)), {
    paired: false,
  });
  assert.equal(open.kind, "open");
  assert.equal(open.unclear[0].high, Infinity);
  assert.ok(open.unclear[0].low > 0);
  assert.deepEqual([open.fasterAtStart, open.fasterAtEnd], ["first", null]);
});

Deno.test("a crossing beyond the measured lengths is called extrapolated", () => {
  const far = crossover(fitOf([1, 0.01]), fitOf([41, 0.002]));
  assert.ok(Math.abs(far.crossings[0].length - 5000) < 1e-5);
  assert.deepEqual([far.extrapolated, far.measuredUpTo], [true, 2048]);
});

for (const [name, paired, process] of [["paired", true, 0.05], ["independent", false, 0.01]] as const) {
  Deno.test(`the stretch of ${name} fits holds the true crossing about 95 % of the time`, () => {
    const random = seededRandom(7), trials = 400;
    let held = 0;
    for (let i = 0; i < trials; i++) {
      const shared = Array.from({ length: 6 }, () => 1 + process * random.normal());
      const own = jitter(random, 0.01);
      const noise = (block: number) => (paired ? shared[block] : 1 + process * random.normal()) * own();
      // true crossing at 1000
      const { unclear } = crossover(fitOf([4, 0.01], noise), fitOf([9, 0.005], noise, 1, paired ? 0 : 100), { paired });
      if (unclear.some(({ low, high }) => low <= 1000 && high >= 1000)) held++;
    }
    assert.ok(held / trials >= 0.93 && held / trials <= 0.985, `${held} of ${trials}`);
  });
}

Deno.test("fits of different blocks are not paired", () => {
  const other = fitOf([1, 0.02], undefined, 1, 10);
  assert.equal(crossover(fitOf([1, 0.01]), other).paired, false);
  assert.throws(() => crossover(fitOf([1, 0.01]), other, { paired: true }), /blocks differ .*pass paired: false/);
});

Deno.test("identical models are hardly ever seen to overtake one another, a true crossing still is", () => {
  const random = seededRandom(11), trials = 300;
  const fit = (coefficients: number[], degree: 1 | 2) => {
    const process = Array.from({ length: 6 }, () => 1 + 0.01 * random.normal()), own = jitter(random, 0.005);
    return fitOf(coefficients, (block) => process[block] * own(), degree);
  };
  const crossed = (a: number[], b: number[], degree: 1 | 2) => {
    let seen = 0;
    for (let i = 0; i < trials; i++) {
      const { kind } = crossover(fit(a, degree), fit(b, degree));
      if (kind === "crossing" || kind === "several") seen++;
    }
    return seen / trials;
  };
  assert.ok(crossed([10, 0.05], [10, 0.05], 1) < 0.01); // before each had to be faster somewhere: 0.05 to 0.26
  assert.ok(crossed([10, 0.05, 1e-5], [10, 0.05, 1e-5], 2) < 0.01);
  assert.ok(crossed([10, 0.05], [25, 0.03], 1) > 0.99);
});

Deno.test("a stretch that is unclear from the start is no crossing: only one is seen to be faster", () => {
  const random = seededRandom(2);
  const { kind, told, unclear } = crossover(
    fitOf([10, 0.05], jitter(random, 0.02)),
    fitOf([10, 0.03], jitter(random, 0.02)),
  );
  assert.deepEqual([kind, unclear[0].low, told.map((t) => [t.faster, t.high])], ["open", 0, [["second", Infinity]]]);
});
