import assert from "node:assert/strict";
import { specFlops } from "../../lib/cost/flops.ts";
import { ArchitectureBenchmark } from "../../lib/measure/architecture_benchmark.ts";
import type { BenchmarkResult } from "../../lib/measure/benchmark_result.ts";
import { partialOf, requestStop, StopError } from "../../lib/progress.ts";
import { type FakeBehaviour, fakeHosts, tinySpec } from "./fake_host.ts";

function bench(behaviour: FakeBehaviour = {}) {
  const fake = fakeHosts(behaviour);
  return { fake, bench: new ArchitectureBenchmark(tinySpec(), {}, fake.start) };
}
const near = (got: number | undefined | null, want: number) =>
  assert.ok(Math.abs(got! - want) < 1e-9 * want, `${got}, expected ${want}`);

Deno.test("benchmarkGeneration() times prefill and decode apart: 10 ms for 5 tokens, then 2 ms a token", async () => {
  const { bench: b, fake } = bench();
  const r = await b.benchmarkGeneration(5, 8, { numRuns: 4 });
  assert.equal(r.name, "gen_p5_l8");
  near(r.throughputTokensPerS, 1000 * 8 / 24);
  near(r.latencyP50Ms, 24);
  near(r.ttftMs?.point, 10);
  near(r.tpotMs?.point, 2);
  near(r.prefillTokensPerS?.point, 500);
  near(r.decodeTokensPerS?.point, 500);
  assert.equal(r.itlMs, null); // decoding inside the graph hides the gaps
  near(r.memoryGb, 0.25); // 300 MB at the peak, 50 MB before loading
  assert.equal(r.flops, specFlops(tinySpec(), { promptTokens: 5, newTokens: 8 }).total);
  assert.deepEqual([r.flopsConvention, r.logits, r.provider, r.way, r.numRuns], ["causal", "last", "cpu", "loop", 4]);
  assert.equal(r.samples.length, 4);
  assert.equal(r.percentilesMs.p95.high, null);
  assert.equal(fake.open.size, 0);
  assert.equal(fake.log.filter((l) => l === "start tiny").length, 2); // the memory pass has a host of its own
});

Deno.test("decoding step by step has the gaps between tokens", async () => {
  const r = await bench().bench.benchmarkGeneration(5, 8, { numRuns: 2, way: "step" });
  near(r.itlMs?.point, 2);
  assert.equal(r.samples[0].itlMs?.length, 7);
});

Deno.test("warm-up goes on until steps are flat, is not among the samples, and is reported", async () => {
  const { bench: b } = bench({ stepMs: ({ run }) => run < 4 ? 20 / (run + 1) : 2 });
  const r = await b.benchmarkGeneration(5, 11, { numRuns: 3 });
  assert.ok(r.warmUp.steps >= 60 && r.warmUp.flat, JSON.stringify(r.warmUp));
  assert.deepEqual(r.samples.map((s) => Math.round(s.tpotMs! * 1e6) / 1e6), [2, 2, 2]);
  const never = await bench({ stepMs: ({ run }) => 2 ** (run % 7) }).bench.benchmarkGeneration(5, 11, { numRuns: 1 });
  assert.deepEqual([never.warmUp.steps, never.warmUp.flat], [80, false]);
});

Deno.test("benchmarkBatchThroughput() counts batch * seqLen over one pass, and flops of the logits that ran", async () => {
  const r = await bench().bench.benchmarkBatchThroughput(8, 128, { numRuns: 3, logits: "all" });
  assert.equal(r.name, "batch_b8_s128_all");
  near(r.throughputTokensPerS, 1000 * 8 * 128 / 10);
  assert.equal(r.flops, specFlops(tinySpec(), { promptTokens: 128, batch: 8, logits: "all" }).prefill);
  assert.deepEqual([r.ttftMs, r.decodeTokensPerS, r.way], [null, null, null]);
  assert.ok(r.warmUp.steps >= 20);
});

Deno.test("measureMemory() has bounds from three hosts on", async () => {
  const behaviour = { peakBytes: ({ host }: { host: number }) => 300e6 + 1e6 * host };
  const three = await bench(behaviour).bench.measureMemory();
  near(three.memoryGb.point, 0.251);
  assert.ok(three.memoryGb.low! < 0.251 && three.memoryGb.high! > 0.251);
  near(three.weightsGb, 0.1);
  near(three.loadPeakGb, 0.35);
  assert.deepEqual(three.samplesGb.length, 3);
  const one = await bench(behaviour).bench.measureMemory({ batch: 1, seqLen: 8 }, { hosts: 1 });
  assert.deepEqual([one.memoryGb.low, one.memoryGb.high, one.config], [null, null, "b1_s8"]);
});

Deno.test("numbers that can't be measured are named before any host is started", async () => {
  const { bench: b, fake } = bench();
  await assert.rejects(() => b.benchmarkGeneration(5, 8, { numRuns: 0 }), /numRuns must be an integer >= 1, got 0/);
  await assert.rejects(() => b.benchmarkGeneration(5, -8), /generationLength.*-8/);
  await assert.rejects(
    () => b.benchmarkGeneration(5, 1),
    /generationLength must be an integer >= 2, got 1; the first token/,
  );
  await assert.rejects(() => b.benchmarkGeneration(1_000_000, 8), /1000000 prompt tokens.*context of tiny, 512 tokens/);
  await assert.rejects(() => b.benchmarkGeneration(NaN, 8), /promptTokens.*NaN/);
  await assert.rejects(() => b.benchmarkBatchThroughput(0, 8), /batchSize.*0/);
  await assert.rejects(() => b.benchmarkBatchThroughput(1, 513), /513.*512/);
  await assert.rejects(() => b.benchmarkGeneration(5, 8, { way: "fast" as "loop" }), /"fast"/);
  assert.deepEqual(fake.log, []);
});

Deno.test("a run with other tokens, or a clock that goes backwards, is an error", async () => {
  const other = bench({ ids: ({ run }, n) => Array.from({ length: n }, (_, i) => i === 3 && run > 5 ? 99 : i) });
  await assert.rejects(
    () => other.bench.benchmarkGeneration(5, 11, { numRuns: 9 }),
    /token 99 at position 3 where its first run gave 3/,
  );
  assert.equal(other.fake.open.size, 0);
  await assert.rejects(() => bench({ stepMs: () => -1 }).bench.benchmarkGeneration(5, 8), /decode took -7 ms/);
});

Deno.test("Stop ends the host and the error keeps what was measured", async () => {
  const { bench: b, fake } = bench({
    before: ({ run }) => {
      if (run === 8) requestStop();
    },
  });
  const error = await b.benchmarkGeneration(5, 11, { numRuns: 50 }).catch((e) => e);
  assert.ok(error instanceof StopError);
  const partial = partialOf<BenchmarkResult>(error)!;
  assert.ok(partial.numRuns >= 5 && partial.numRuns < 10, `${partial.numRuns}`);
  assert.equal(partial.memoryGb, null);
  assert.equal(fake.open.size, 0);
});
