import assert from "node:assert/strict";
import { join } from "node:path";
import { compareArchitectures } from "../../lib/compare/compare_architectures.ts";
import { reanalyse } from "../../lib/compare/reanalyse.ts";
import { trustOf } from "../../lib/compare/trust.ts";
import { ArchitectureBenchmark } from "../../lib/measure/architecture_benchmark.ts";
import { ResultStore } from "../../lib/store/results.ts";
import { fakeHosts, tinySpec } from "../measure/fake_host.ts";

const settings = { throughput: [{ promptTokens: 5, newTokens: 8 }], rounds: 12, memoryHosts: 0 };

Deno.test("the twins of every comparison are kept, and tell how far the machine puts identical models apart", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const store = new ResultStore(join(folder, "r.sqlite"));
    // The second host of each pair is slower by 3 %: the twin or the baseline, as the seed's order falls.
    const stepMs = ({ host }: { host: number }) => host % 2 ? 2.06 : 2;
    const { start } = fakeHosts({ stepMs });
    const run = async (seed: number) =>
      (await compareArchitectures({ a: tinySpec("a") }, { ...settings, seed, start, store })).raw;
    const first = await run(1), second = await run(2);
    assert.deepEqual([first.trust!.runs, first.trust!.pairs], [1, 12]);
    assert.deepEqual([second.trust!.runs, second.trust!.pairs], [2, 24]);
    assert.ok(second.trust!.apart >= first.trust!.apart, "the largest difference so far");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("trustOf() is the largest ratio over runs, by hand", () => {
  const run = (ratios: number[]) => ({
    startedAt: "",
    machine: "",
    model: "",
    config: "",
    metric: "",
    pairs: ratios.map((candidate, block) => ({ block, candidate, baseline: 1 })),
  });
  const runs = [run([1.004, 1.004]), run([1 / 1.02, 1 / 1.02])];
  const trust = trustOf(runs, 0.01)!;
  assert.ok(Math.abs(trust.apart - (1 - 1 / 1.02)) < 1e-12);
  assert.deepEqual([trust.withinBand, trust.runs, trust.pairs], [false, 2, 4]);
  assert.equal(trustOf(runs.slice(0, 1), 0.01)!.withinBand, true);
  assert.equal(trustOf([], 0.01), null);
});

Deno.test("reanalyse() gives the same numbers from a saved file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "result.json");
    const { start } = fakeHosts({ stepMs: ({ name, run }) => (name.startsWith("b") ? 1 : 2) + (run % 5) / 50 });
    const models = { a: tinySpec("a"), b: tinySpec("b") };
    const comparison = await compareArchitectures(models, { ...settings, start, store: null });
    await Deno.writeTextFile(path, JSON.stringify(comparison));
    const again = await reanalyse(path);
    assert.deepEqual(again, comparison);

    const result = await new ArchitectureBenchmark(tinySpec("a"), {}, start).benchmarkGeneration(5, 8, { numRuns: 12 });
    await Deno.writeTextFile(path, JSON.stringify(result));
    assert.deepEqual(await reanalyse(path), result);

    await Deno.writeTextFile(path, "{");
    await assert.rejects(reanalyse(`${path}.none`), /Cannot open .*\.none: there is no such file/);
    await assert.rejects(async () => await reanalyse(path), {
      name: "SyntaxError",
      message: /result\.json: it is not JSON/,
    });
    await Deno.writeTextFile(path, "{}");
    await assert.rejects(reanalyse(`${path}.none`), /Cannot open .*\.none: there is no such file/);
    await assert.rejects(async () => await reanalyse(path), { name: "TypeError", message: /expected version 1/ });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
