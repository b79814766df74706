import assert from "node:assert/strict";
import { join } from "node:path";
import { compareSiblings } from "../../lib/compare/compare_siblings.ts";
import { QualityBenchmark } from "../../lib/eval/quality_benchmark.ts";
import { joinSeeds } from "../../lib/eval/join_seeds.ts";
import type { EvalResult } from "../../lib/eval/types.ts";
import { exportModel } from "../../lib/model/export.ts";
import { ResultStore } from "../../lib/store/results.ts";
import { pythonTexts } from "../../lib/train/tasks/text.ts";
import { trainSiblings } from "../../lib/train/train_siblings.ts";
import { full, gatedDelta, tinySpec } from "../train/specs.ts";

/** Student's t with one degree of freedom, 97.5 % (any table). */
const T1 = 12.7062;

Deno.test("siblings are compared over the seeds of their training, and each of them is a model like any other", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const store = new ResultStore(join(folder, "results.sqlite"));
    const siblings = await trainSiblings({ attention: tinySpec([full]), hybrid: tinySpec([gatedDelta, full]) }, {
      task: { kind: "text", tokens: 64 },
      batch: 4,
      tokens: 20 * 4 * 64,
      learningRates: [1e-2],
      seeds: 2,
      store,
    });
    const texts = await pythonTexts({ maxBytes: 64, limit: 8 });
    const comparison = await compareSiblings(siblings, {
      throughput: [{ promptTokens: 8, newTokens: 4 }],
      tasks: { bits_per_byte: texts },
      rounds: 2,
      memoryHosts: 0,
      store,
    });
    assert.deepEqual(comparison.raw.failures, []);
    assert.equal(comparison.raw.rounds.length, 2); // speed is the first seed's
    for (const [name, { runs }] of Object.entries(siblings.siblings)) {
      const joined = comparison.raw.tasks.bits_per_byte[name];
      assert.equal(joined.items.length, 16);
      const each = await Promise.all(runs.map(async ({ ref }) => {
        const { metrics } = await new QualityBenchmark(ref).evaluateTask("bits_per_byte", texts, { store });
        return metrics.bits_per_byte.point;
      }));
      const { point, low, high } = joined.metrics.bits_per_byte;
      const mean = (each[0] + each[1]) / 2, half = T1 * Math.abs(each[0] - each[1]) / 2;
      assert.ok(Math.abs(point - mean) < 1e-9 && point > 1 && point < 9, `${point}`);
      assert.ok(Math.abs((high! - low!) / 2 - half) < 1e-5 * half, `${high! - low!} against ${2 * half}`);
    }
    const exported = join(folder, "exported");
    await exportModel(siblings.siblings.attention.ref, exported);
    assert.ok((await Deno.stat(join(exported, "genai_config.json"))).isFile);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("seeds are joined of one task only, and of one without subjects or programs", () => {
  const of = (task: string) => ({ task, items: [] }) as unknown as EvalResult;
  assert.throws(() => joinSeeds([of("bits_per_byte"), of("hellaswag")]), /results are of bits_per_byte and hellaswag/);
  assert.throws(() => joinSeeds([]), /results are of no task/);
  assert.throws(() => joinSeeds([of("mmlu")]), /Cannot join seeds of mmlu: it generates programs or has subjects/);
});
