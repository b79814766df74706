import assert from "node:assert/strict";
import { batches } from "../../lib/eval/score_in_batches.ts";

const unit = (group: string | undefined, n: number) => ({
  group,
  requests: Array.from({ length: n }, () => ({ context: "", continuation: "" })),
});

Deno.test("batches() keeps the order, one group in a batch, and never cuts a unit", () => {
  const units = [unit("a", 4), unit("a", 4), unit("a", 4), unit("b", 4), unit("b", 20), unit("b", 1)];
  const made = batches(units, 8);
  assert.deepEqual(made.map((b) => b.map((u) => `${u.group}${u.requests.length}`)), [["a4", "a4"], ["a4"], ["b4"], [
    "b20",
  ], ["b1"]]);
  assert.deepEqual(made.flat(), units);
});

Deno.test("batches() puts units without a group together", () => {
  assert.equal(batches([unit(undefined, 4), unit(undefined, 4)]).length, 1);
  assert.deepEqual(batches([]), []);
});
