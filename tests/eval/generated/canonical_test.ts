import assert from "node:assert/strict";
import { evaluateGenerated } from "../../../lib/eval/generated/evaluate.ts";
import { checkGenerate } from "../../../lib/eval/generated/options.ts";
import { passMetrics } from "../../../lib/eval/generated/pass_metrics.ts";
import { openSandbox } from "../../../lib/eval/sandbox/sandbox.ts";
import { humaneval } from "../../../lib/eval/tasks/humaneval.ts";
import { loadDataset } from "../../../lib/store/dataset.ts";
import { fakeWriter, noBar, type Write } from "./fakes.ts";

Deno.test("a model that writes HumanEval's solutions has pass@1 of 1, one that writes pass has 0", async () => {
  const rows = (await loadDataset("humaneval")).map((row, index) => ({ row, index }));
  const solutions = new Map(rows.map(({ row }) => [row.prompt as string, row.canonical_solution as string]));
  const options = checkGenerate(humaneval);
  const sandbox = await openSandbox("python");
  const pass1 = async (write: Write) => {
    const work = { task: humaneval, rows, options, hosts: [fakeWriter(write)], sandbox, bar: noBar };
    const { items, failed } = await evaluateGenerated(work);
    assert.deepEqual(failed, []);
    return passMetrics(items, [1], 0.95)["pass@1"];
  };
  try {
    const right = await pass1((prompt) => solutions.get(prompt)!);
    assert.deepEqual([right.point, right.n], [1, 164]);
    assert.equal((await pass1(() => "    pass\n")).point, 0);
  } finally {
    await sandbox.close();
  }
});
