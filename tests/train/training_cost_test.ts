import assert from "node:assert/strict";
import { stepFlops } from "../../lib/train/budget.ts";
import { trainingCost } from "../../lib/train/training_cost.ts";
import { plain, tinySpec } from "./specs.ts";

const spec = tinySpec([plain], { vocabSize: 16 });
const task = { kind: "mqar", vocabSize: 16, tokens: 16, pairs: 2 } as const;

Deno.test("trainingCost() counts steps of the search and of all seeds, and four floats a parameter", async () => {
  const tokens = 100 * 8 * 16; // 100 steps; each of two tries has 25, each of three seeds 100
  const cost = await trainingCost(spec, { task, tokens, batch: 8, seeds: 3, learningRates: [1e-3, 1e-2] });
  const perStep = stepFlops(spec, { batch: 8, tokens: 16, rows: 8 * 2 });
  assert.deepEqual([cost.steps, cost.tokens], [100, tokens]);
  assert.equal(cost.flops, 100 * perStep);
  assert.equal(cost.totalFlops, (3 * 100 + 2 * 25) * perStep);
  assert.equal(cost.stateBytes, 16 * cost.parameters);
});

Deno.test("trainingCost() refuses what it cannot foretell", async () => {
  await assert.rejects(trainingCost(spec, { task, seconds: 10 }), /a budget in seconds; give tokens or flops/);
  await assert.rejects(trainingCost(spec, { task, tokens: 10, batch: 8 }), /is too small, one step of 8 x 16 tokens/);
});
