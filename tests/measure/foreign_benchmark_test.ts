/** One graph made elsewhere, timed: its own way, its costs, and no architecture. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reanalyse } from "../../lib/compare/reanalyse.ts";
import { estimateFlops } from "../../lib/cost/flops.ts";
import { ArchitectureBenchmark } from "../../lib/measure/architecture_benchmark.ts";
import type { BenchmarkResult } from "../../lib/measure/benchmark_result.ts";
import { measuredTimes } from "../../lib/measure/measured_times.ts";
import { exportModel } from "../../lib/model/export.ts";
import { tinySpec } from "../model/tiny_spec.ts";
import { fakeHosts } from "./fake_host.ts";

Deno.test("a benchmark of a graph made elsewhere steps, or loops where that was added, and has the graph's FLOPs", async () => {
  const folder = await mkdtemp(join(tmpdir(), "benchmark-"));
  try {
    await exportModel({ ref: tinySpec(), seed: 3 }, folder);
    const { start } = fakeHosts(), options = { numRuns: 3, memoryHosts: 0 };
    for (const optimise of [undefined, "loop"] as const) {
      const bench = new ArchitectureBenchmark(folder, { optimise }, start);
      const result = await bench.benchmarkGeneration(5, 8, options);
      const flops = await estimateFlops({ ref: folder, optimise }, { promptTokens: 5, newTokens: 8 });
      assert.deepEqual([result.way, result.spec, result.flops], [optimise ?? "step", null, flops.total]);
      const saved: BenchmarkResult = JSON.parse(JSON.stringify(result));
      assert.deepEqual((await reanalyse(saved)).latencyMs, result.latencyMs);
      assert.throws(() => measuredTimes(result), /graph made elsewhere/);
    }
    await assert.rejects(
      new ArchitectureBenchmark(folder, {}, start).benchmarkGeneration(5, 1e6),
      /longer than the context/,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
