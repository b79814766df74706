import assert from "node:assert/strict";
import { join } from "node:path";
import { builtInTasks } from "../../lib/eval/registry.ts";
import { taskMarkdown, withTaskTable } from "../../lib/eval/task_docs.ts";
import { datasetNames } from "../../lib/store/catalog.ts";
import { projectRoot } from "../../lib/store/paths.ts";

Deno.test("the table of tasks in data/README.md is the tasks' own", async () => {
  const text = await Deno.readTextFile(join(projectRoot(), "data", "README.md"));
  assert.equal(withTaskTable(text), text, "run: npx deno@2.8.1 run -A lib/eval/task_docs.ts");
});

Deno.test("the table has a row for each task, with the licence of its data", () => {
  const lines = taskMarkdown().split("\n");
  assert.equal(lines.length, 2 + builtInTasks().length);
  const arc = lines.find((line) => line.includes("`arc_easy`"))!.split("|").map((cell) => cell.trim());
  assert.deepEqual(arc.slice(3, 8), ["acc, acc_norm", "0", "`arc_easy` validation", "test", "CC-BY-SA-4.0"]);
  for (const { dataset } of builtInTasks()) {
    assert.ok(dataset === undefined || datasetNames().includes(dataset), dataset);
  }
});
