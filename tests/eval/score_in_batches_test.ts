import assert from "node:assert/strict";
import { batches, PartialScoresError, scoreInBatches } from "../../lib/eval/score_in_batches.ts";
import { progress } from "../../lib/progress.ts";
import { FakeHost } from "./fake_host.ts";

const unit = (group: string | undefined, n: number) => ({
  group,
  requests: Array.from({ length: n }, () => ({ context: "", continuation: "" })),
  key: "",
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

Deno.test("scoreInBatches() refuses alone what the model cannot score", async () => {
  const host = new FakeHost((request) => {
    if ("context" in request && request.context === "bad") throw new RangeError("it has no tokens");
    return -1;
  });
  const units = ["a", "b", "bad", "c", "d"].map((context) => ({
    requests: [{ context, continuation: " x" }],
    key: context,
  }));
  const bar = progress("test", units.length);
  const results = await scoreInBatches([host], units, { bar }).finally(() => bar.finish());
  const scored = [{ logLikelihood: -1, isGreedy: false, tokens: 1 }];
  assert.deepEqual(results, [scored, scored, { refused: "it has no tokens" }, scored, scored]);
});

Deno.test("scoreInBatches() ends with an error that is not the requests' fault", async () => {
  const host = new FakeHost(() => {
    throw new Error("the host is gone");
  });
  const bar = progress("test", 1);
  const units = [{ requests: [{ context: "a", continuation: " x" }], key: "a" }];
  await assert.rejects(() => scoreInBatches([host], units, { bar }).finally(() => bar.finish()), (error) => {
    assert.ok(error instanceof PartialScoresError);
    assert.match(String(error.cause), /the host is gone/);
    assert.deepEqual(error.scores, [undefined]);
    return true;
  });
  assert.equal(host.calls, 1);
});
