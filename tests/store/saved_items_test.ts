import assert from "node:assert/strict";
import { join } from "node:path";
import { ResultStore } from "../../lib/store/results.ts";

Deno.test("items are read again by runs of the same description, and by no others", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const store = new ResultStore(join(folder, "results.sqlite"));
    const first = store.items({ model: "a", task: "t" });
    first.put("what is 1 + 1?", [{ logLikelihood: -0.1 + -0.2 }]);
    // a second connection sees it while the first is open: it was written at once
    const second = new ResultStore(store.path).items({ model: "a", task: "t" });
    assert.deepEqual(second.get("what is 1 + 1?"), [{ logLikelihood: -0.1 + -0.2 }]);
    assert.equal(second.get("what is 1 + 2?"), undefined);
    second.put("what is 1 + 1?", "changed");
    assert.equal(first.get("what is 1 + 1?"), "changed");
    const other = store.items({ model: "b", task: "t" });
    assert.equal(other.get("what is 1 + 1?"), undefined);
    for (const items of [first, second, other]) items.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
