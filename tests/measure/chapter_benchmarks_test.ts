import assert from "node:assert/strict";
import {
  brokenBenchmark,
  correctBenchmark,
  type CorrectBenchmarkResult,
  sequentialSpeedUp,
  twinSpeedUp,
  withDrift,
} from "../../lib/measure/chapter_benchmarks.ts";
import { measureRounds } from "../../lib/measure/rounds.ts";
import { partialOf, requestStop, StopError } from "../../lib/progress.ts";
import { seededRandom } from "../../lib/stats/random.ts";
import { fakeHosts, tinySpec } from "./fake_host.ts";

const near = (got: number, want: number, by = 1e-9) =>
  assert.ok(Math.abs(got - want) < by * Math.abs(want), `${got}, expected ${want}`);

/** A cold process: its first three requests take 12 ms a token, later ones 2 ms. */
const coldStart = () => fakeHosts({ stepMs: ({ run }) => run < 3 ? 12 : 2 });

Deno.test("brokenBenchmark() averages the cold requests into its mean", async () => {
  const fake = coldStart();
  const r = await brokenBenchmark(tinySpec(), { promptTokens: 5, newTokens: 6, start: fake.start });
  assert.deepEqual(r.samples.map((s) => s.latencyMs), [70, 70, 70, 20, 20]); // 10 ms of prefill and 5 steps
  near(r.meanMs, 50);
  near(r.decodeTokensPerS, (3 * 1000 / 12 + 2 * 500) / 5);
  assert.deepEqual(fake.log.filter((l) => !l.startsWith("tiny")), ["start tiny", "close tiny"]);
});

Deno.test("correctBenchmark() leaves 20 warm-ups out of 100 runs, and has no upper bound for p99", async () => {
  const fake = coldStart();
  const r = await correctBenchmark(tinySpec(), { newTokens: 6, start: fake.start });
  assert.deepEqual([r.warmUps.length, r.samples.length, fake.log.length], [20, 100, 122]);
  assert.equal(r.warmUps[0].latencyMs, 70);
  near(r.meanMs.point, 20);
  near(r.decodeTokensPerS.point, 500);
  near(r.percentilesMs.p95.high!, 20);
  assert.equal(r.percentilesMs.p99.high, null);
  assert.equal(fake.open.size, 0);
  JSON.parse(JSON.stringify(r));
});

Deno.test("correctBenchmark() tells spread, outliers and autocorrelation of its runs", async () => {
  const slow = new Set([30, 31]); // two neighbours of twice the time, after 20 warm-ups
  const fake = fakeHosts({ stepMs: ({ run }) => slow.has(run) ? 4 : 2 + 0.002 * (run % 5) });
  const r = await correctBenchmark(tinySpec(), { newTokens: 11, numRuns: 40, start: fake.start });
  assert.deepEqual(r.outliers.flatMap((c, i) => c === "high severe" ? [i] : []), [10, 11]);
  assert.ok(r.autocorrelation! > 0.4 && r.autocorrelation! < 0.5, `${r.autocorrelation}`); // half of the variance repeats
  near(r.stdMs, Math.sqrt(40 / 39 * 0.05 * 0.95) * 20, 0.01); // 2 of 40 lie 20 ms higher
});

Deno.test("numbers that can't be measured are named before a host is started", async () => {
  const fake = fakeHosts(), start = fake.start;
  await assert.rejects(
    () => brokenBenchmark(tinySpec(), { numRuns: 1, start }),
    /numRuns must be an integer >= 2, got 1/,
  );
  await assert.rejects(
    () => correctBenchmark(tinySpec(), { warmUpRuns: -1, start }),
    /warmUpRuns must be an integer >= 0, got -1/,
  );
  await assert.rejects(() => correctBenchmark(tinySpec(), { newTokens: 600, start }), /longer than the context.*512/);
  assert.deepEqual(fake.log, []);
});

Deno.test("Stop keeps the runs so far, and tokens that change are an error", async () => {
  const stops = fakeHosts({ before: ({ run }) => run === 30 ? requestStop() : undefined });
  const stop = await correctBenchmark(tinySpec(), { start: stops.start }).catch((e) => e);
  assert.ok(stop instanceof StopError);
  assert.equal(partialOf<CorrectBenchmarkResult>(stop)!.samples.length, 10);
  assert.equal(stops.open.size, 0);
  const wrong = fakeHosts({ ids: ({ run }, n) => Array(n).fill(run === 4 ? 7 : 1) });
  await assert.rejects(() => brokenBenchmark(tinySpec(), { start: wrong.start }), /gave token 7 at position 0/);
});

Deno.test("withDrift() slows the last run by the drift and the middle one by half of it", () => {
  assert.deepEqual(withDrift([90, 90, 90], 0.5), [90, 72, 60]);
  assert.deepEqual(withDrift([90], 0.5), [90]);
  assert.throws(() => withDrift([1, 2], -1), /drift.*must be above -1.*got -1/);
});

Deno.test("a drift of 3 % is a false alarm one after the other, and none in rounds", async () => {
  const random = seededRandom(1);
  const start = fakeHosts({ stepMs: () => 2 * Math.exp(0.003 * random.normal()) }).start;
  const [a, b] = [await correctBenchmark(tinySpec(), { start }), await correctBenchmark(tinySpec(), { start })];
  const calm = sequentialSpeedUp(a, b), drifted = sequentialSpeedUp(a, b, 0.03);
  assert.equal(calm.differs, false);
  assert.equal(drifted.differs, true);
  near(drifted.ratio.point / calm.ratio.point, 1 / 1.015, 0.001); // half of the drift lies between the two halves

  const rounds = await measureRounds({ a: tinySpec() }, [{ promptTokens: 5, newTokens: 32 }], {
    rounds: 100,
    start,
  });
  for (const drift of [0, 0.03]) {
    const { ratio, differs, order } = twinSpeedUp(rounds, "p5_l32", drift);
    assert.equal(differs, false);
    assert.equal(order, "rounds");
    near(ratio.point, 1, 0.002);
    assert.ok(ratio.n >= 6);
  }
});

Deno.test("sequentialSpeedUp() is Welch's interval on log speeds", () => {
  const samples = (logs: number[]) => ({ samples: logs.map((x) => ({ decodeTokensPerS: Math.exp(x) })) });
  type Runs = Pick<CorrectBenchmarkResult, "samples">;
  // scipy 1.17.1: ttest_ind([3, 4, 6], [1, 2, 4, 5], equal_var=False).confidence_interval() -> (-1.95770, 4.62437)
  const { ratio } = sequentialSpeedUp(samples([1, 2, 4, 5]) as Runs, samples([3, 4, 6]) as Runs);
  near(Math.log(ratio.point), 4 / 3);
  near(Math.log(ratio.low), -1.9577007842296226);
  near(Math.log(ratio.high), 4.624367450896289);
});
