import assert from "node:assert/strict";
import { buildTrie, planSteps, type ScoreStep, type TrieNode } from "../../lib/model/score_plan.ts";

Deno.test("buildTrie() shares common prefixes and knows which sequences run through a node", () => {
  const root = buildTrie([[1, 2, 3], [1, 2, 4, 5], [1, 2], [7], [1, 2, 3]]);
  const [shared, alone] = root.children;
  assert.deepEqual([shared.tokens, shared.through, shared.ends], [[1, 2], [0, 1, 2, 4], 1]);
  assert.deepEqual(shared.children.map((c) => [c.tokens, c.through, c.ends]), [[[3], [0, 4], 2], [[4, 5], [1], 1]]);
  assert.deepEqual([alone.tokens, alone.size], [[7], 1]);
  assert.equal(root.size, 6, "1 2 | 3 | 4 5 | 7");
});

/** What each run holds: [tokens run, sequences that end in it]. */
function runs(steps: ScoreStep[]): [number, number][] {
  const ends = (n: TrieNode): number => n.ends + n.children.reduce((sum, c) => sum + ends(c), 0);
  return steps.flatMap((step): [number, number][] =>
    step.kind === "prefix"
      ? [[step.node.tokens.length, step.node.ends], ...runs(step.steps)]
      : [[step.nodes.reduce((n, c) => n + c.size, 0), step.nodes.reduce((n, c) => n + ends(c), 0)]]
  );
}

Deno.test("planSteps() packs what fits and caches a prefix whose branches do not", () => {
  const question = (first: number, length: number) => Array.from({ length }, (_, i) => first * 100 + i);
  const prefix = question(9, 50);
  const sequences = [1, 2, 3, 4].map((q) => [...prefix, ...question(q, 20)]);
  assert.deepEqual(runs(planSteps(buildTrie(sequences), 45)), [[50, 0], [40, 2], [40, 2]]);
  assert.deepEqual(runs(planSteps(buildTrie(sequences), 130)), [[130, 4]], "all in one run, the prefix once");
  const long = buildTrie([question(1, 100), question(2, 10)], 45);
  assert.deepEqual(runs(planSteps(long, 45)), [[45, 0], [45, 0], [10, 1], [10, 1]], "a long stretch is cut");
});

Deno.test("no run holds more than the budget, and every sequence ends in one", () => {
  const sequences = Array.from({ length: 60 }, (_, i) => [i % 3, i % 7, ...Array.from({ length: i }, (_, j) => j * i)]);
  const all = runs(planSteps(buildTrie(sequences, 24), 24));
  assert.ok(all.every(([tokens]) => tokens <= 24), JSON.stringify(all));
  assert.equal(all.reduce((n, [, ends]) => n + ends, 0), sequences.length);
});
