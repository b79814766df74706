import assert from "node:assert/strict";
import { attentionPairs } from "../../lib/cost/attention_pairs.ts";
import { sumOfSteps } from "../../lib/cost/graph_steps.ts";

Deno.test("sumOfSteps() is the plain sum, exactly, and asks for few steps", () => {
  const costs: Record<string, (past: number) => number> = {
    "all keys": (past) => 268_959_744 + 69_120 * (past + 1),
    "a window of 128": (past) => 1e11 + 69_120 * attentionPairs(1, past, 128),
    "windows of 3 and 500": (past) => 7 + 5 * attentionPairs(1, past, 3) + 11 * attentionPairs(1, past, 500),
    "no cache": (past) => 12_345 * (past + 1) + 96 * attentionPairs(past + 1, 0),
    "constant": () => 42,
    "odd": (past) => past % 7,
  };
  for (const [name, cost] of Object.entries(costs)) {
    for (const [from, to] of [[0, 1], [5, 5], [0, 9], [100, 164], [0, 1000], [513, 1537]]) {
      let want = 0, asked = 0;
      for (let past = from; past < to; past++) want += cost(past);
      const got = sumOfSteps(from, to, (past) => {
        asked++;
        return cost(past);
      });
      assert.equal(got, want, `${name}, ${from} to ${to}`);
      if (name !== "odd") assert.ok(asked <= 60, `${name}, ${from} to ${to}: asked for ${asked}`);
    }
  }
});
