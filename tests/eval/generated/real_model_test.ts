import assert from "node:assert/strict";
import { evaluateGenerated } from "../../../lib/eval/generated/evaluate.ts";
import { checkGenerate } from "../../../lib/eval/generated/options.ts";
import { summariseGenerated } from "../../../lib/eval/generated/summary.ts";
import { openSandbox } from "../../../lib/eval/sandbox/sandbox.ts";
import { humaneval } from "../../../lib/eval/tasks/humaneval.ts";
import { startHost } from "../../../lib/model/host.ts";
import { loadDataset } from "../../../lib/store/dataset.ts";
import { noBar } from "./fakes.ts";

Deno.test("a real model's programs are the same again, and when a batch is resumed", async () => {
  const options = checkGenerate(humaneval, {
    preset: "chapter",
    samples: 2,
    temperature: 1.2,
    topP: 1,
    truncation: "evalplus-stops",
    maxNewTokens: 16,
    seeds: [0, 1],
  });
  const rows = (await loadDataset("humaneval", { limit: 2 })).map((row, index) => ({ row, index }));
  const sandbox = await openSandbox("python", options.sandbox);
  const host = await startHost({ ref: "smollm2-135m", precision: "int4" });
  try {
    const saved = new Map<string, unknown>();
    const store = {
      get: (key: string) => saved.get(key),
      put: (key: string, value: unknown) => void saved.set(key, value),
    };
    const work = { task: humaneval, rows, options, hosts: [host], sandbox, bar: noBar };
    const first = await evaluateGenerated({ ...work, saved: store });
    assert.deepEqual(first.items.map((item) => item.samples!.length), [4, 4]);
    assert.equal(saved.size, 4);
    const { metrics, completions } = summariseGenerated(first.items, options);
    assert.deepEqual(Object.keys(metrics), ["pass@1"]);
    assert.equal(completions.programs, 8);
    assert.ok(completions.distinctPerProblem > 2, "seeds and samples draw different programs");

    const [lost] = saved.keys();
    saved.delete(lost); // as if the run had been killed in its first batch
    const resumed = await evaluateGenerated({ ...work, saved: store });
    assert.deepEqual(resumed.items, first.items);
    assert.ok(resumed.generatedTokens > 0 && resumed.generatedTokens < first.generatedTokens);
  } finally {
    await host.close();
    await sandbox.close();
  }
});
