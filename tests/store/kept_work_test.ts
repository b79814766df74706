import assert from "node:assert/strict";
import { join } from "node:path";
import { KeptWork } from "../../lib/store/kept_work.ts";
import { ResultStore } from "../../lib/store/results.ts";

Deno.test("work that a process is at is left alone: a second one keeps nothing, and says so", async () => {
  const store = new ResultStore(join(await Deno.makeTempDir(), "kept.sqlite"));
  const begin = () => KeptWork.begin<string>(store, "work", { options: 1 });
  const first = begin();
  first.add("first");
  const second = begin();
  assert.equal(second.startedAnew, `process ${Deno.pid} is at it, and nothing of this one was kept`);
  second.add("second");
  second.end(); // it does not end the first one
  first.release();
  assert.deepEqual([begin().earlier, begin().startedAnew?.includes("is at it")], [["first"], true]);
});
