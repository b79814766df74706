import assert from "node:assert/strict";
import type { TrainedModel } from "../../lib/train/train_model.ts";
import type { Sibling, SiblingsResult } from "../../lib/train/train_siblings.ts";
import { siblingsTable } from "../../lib/view/siblings_table.ts";

function sibling(losses: number[][], accuracies: number[]): Sibling {
  const runs = losses.map((curve, seed) => ({
    ...{ losses: curve, seed, steps: curve.length, tokens: 2048, flops: 4e9, seconds: 3 },
    test: { accuracy: accuracies[seed] },
  } as unknown as TrainedModel));
  const [point] = accuracies;
  const score = { point, low: point - 0.1, high: point + 0.1, level: 0.95, n: accuracies.length };
  return { parameters: 10368, learningRate: 0.01, search: [], runs, score } as unknown as Sibling;
}

const result: SiblingsResult = {
  task: { name: "MQAR, 2 pairs in 16 tokens", metric: "accuracy", chance: 0.5, ceiling: 1 },
  budget: "2048 tokens",
  siblings: {
    "attention <1>": sibling([[4, 2, 1], [4, 3, 2]], [0.8, 0.8]),
    linear: sibling([[4, 4, 3], [4, 4, 3]], [0.6, 0.6]),
  },
};

Deno.test("siblingsTable() shows size, budget and the metric with its interval, chance and ceiling", () => {
  const text = siblingsTable(result).toString();
  assert.match(text, /MQAR, 2 pairs in 16 tokens: siblings trained for 2048 tokens each/);
  assert.match(text, /attention <1>\s+10,368\s+0\.01\s+3\s+4\.00\s+3\.00\s+80 \[70, 90\]/);
  assert.match(text, /2 seeds of parameters and batches each; chance 50\.0, ceiling 100/);
});
