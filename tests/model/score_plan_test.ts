import assert from "node:assert/strict";
import {
  isBranched,
  peakSlots,
  planSteps,
  runLengths,
  type ScoreStep,
  slotsAlone,
} from "../../lib/model/score_plan.ts";
import { buildTrie, type TrieNode } from "../../lib/model/score_trie.ts";
import { seededRandom } from "../../lib/stats/random.ts";

const wide = { cap: 1_000_000, context: 100_000 };

Deno.test("buildTrie() shares common prefixes and knows which sequences run through a node", () => {
  const root = buildTrie([[1, 2, 3], [1, 2, 4, 5], [1, 2], [7], [1, 2, 3]]);
  const [shared, alone] = root.children;
  assert.deepEqual([shared.tokens, shared.through], [[1, 2], [0, 1, 2, 4]]);
  assert.deepEqual(shared.children.map((c) => [c.tokens, c.through]), [[[3], [0, 4]], [[4, 5], [1]]]);
  assert.deepEqual([alone.tokens, alone.size], [[7], 1]);
  assert.equal(root.size, 6, "1 2 | 3 | 4 5 | 7");
  assert.deepEqual([root.longest, shared.longest, alone.longest], [4, 4, 1]);
});

/** How many sequences end in a node: those that run through it and through none of its children. */
const endsIn = (n: TrieNode): number => n.through.length - new Set(n.children.flatMap((c) => c.through)).size;

/** What each run holds: [tokens run, sequences that end in it]. */
function runs(steps: ScoreStep[], budget: number): [number, number][] {
  const ends = (n: TrieNode): number => endsIn(n) + n.children.reduce((sum, c) => sum + ends(c), 0);
  return steps.flatMap((step): [number, number][] => {
    if (step.kind === "pack") {
      return [[step.nodes.reduce((n, c) => n + c.size, 0), step.nodes.reduce((n, c) => n + ends(c), 0)]];
    }
    const lengths = runLengths(step.node.tokens.length, budget);
    return [
      ...lengths.map((n, i): [number, number] => [n, i === lengths.length - 1 ? endsIn(step.node) : 0]),
      ...runs(step.steps, budget),
    ];
  });
}

const planned = (sequences: number[][], budget: number, cap = wide.cap, context = wide.context) =>
  planSteps(buildTrie(sequences), { budget, cap, context });

/** The most slots that one run sees, its past included. */
function widest(steps: ScoreStep[], prefix = 0): number {
  return Math.max(
    ...steps.map((step) => {
      if (step.kind === "prefix") return widest(step.steps, prefix + step.node.tokens.length);
      const past = prefix || (isBranched(step.nodes) ? 1 : 0);
      return past + step.nodes.reduce((sum, node) => sum + node.size, 0);
    }),
  );
}

Deno.test("planSteps() packs what fits and caches a prefix whose branches do not", () => {
  const question = (first: number, length: number) => Array.from({ length }, (_, i) => first * 100 + i);
  const prefix = question(9, 50);
  const sequences = [1, 2, 3, 4].map((q) => [...prefix, ...question(q, 20)]);
  assert.deepEqual(runs(planned(sequences, 55), 55), [[50, 0], [40, 2], [40, 2]]);
  assert.deepEqual(runs(planned(sequences, 45), 45), [[5, 0], [45, 0], [40, 2], [40, 2]], "a long prefix in two runs");
  assert.deepEqual(runs(planned(sequences, 130), 130), [[130, 4]], "all in one run, the prefix once");
  const long = planned([question(1, 100), question(2, 10)], 45);
  assert.deepEqual(runs(long, 45), [[10, 1], [10, 0], [45, 0], [45, 1]], "a long stretch is cut, the rest comes first");
});

Deno.test("peakSlots() counts the past, the present and what is held for later, by hand", () => {
  const list = (first: number, length: number) => Array.from({ length }, (_, i) => first * 1000 + i);
  // One stretch with no past; two need the hidden slot, in the past and again in the present.
  assert.equal(peakSlots(planned([list(1, 10)], 20), 20), 10);
  assert.equal(peakSlots(planned([list(1, 10), list(2, 10)], 20), 20), 1 + 21);
  // 100 tokens at 40: 20, 40, 40; the last run has a past of 60 and a present of 100, and nothing else is held.
  assert.equal(peakSlots(planned([list(1, 100)], 40), 40), 60 + 100);
  assert.equal(slotsAlone(100, 40), 60 + 100);
  // A prefix of 30, then two branches of 30 + two leaves of 30: the second branch replaces the prefix.
  const a = list(1, 30), b = list(2, 30), c = list(3, 30);
  const two = [[b, 4], [b, 5], [c, 6], [c, 7]].map(([mid, leaf]) => [
    ...a,
    ...(mid as number[]),
    ...list(leaf as number, 30),
  ]);
  // While the leaves of b run: the prefix's 30, b's 60, and a present of 60 + 30. Those of c: 60 and 90 alone.
  assert.equal(peakSlots(planned(two, 40), 40), 30 + 60 + 90);
  assert.equal(runs(planned(two, 40), 40).length, 1 + 2 + 4);
});

Deno.test("a small cap gives up sharing, and no more of it than it must", () => {
  const list = (first: number, length: number) => Array.from({ length }, (_, i) => first * 1000 + i);
  const a = list(1, 30), b = list(2, 30), c = list(3, 30);
  const four = [[...a, ...b, ...list(4, 30)], [...a, ...b, ...list(5, 30)], [...a, ...c, ...list(6, 30)], [
    ...a,
    ...c,
    ...list(7, 30),
  ]];
  const tokens = (cap: number) => runs(planned(four, 40, cap), 40).reduce((sum, [n]) => sum + n, 0);
  assert.equal(tokens(1000), 30 + 60 + 120);
  assert.equal(tokens(slotsAlone(90, 40)), 4 * 90, "only what fits alone");
  let before = Infinity;
  for (let cap = slotsAlone(90, 40); cap < 200; cap++) {
    assert.ok(tokens(cap) <= before, "more room, no more work");
    before = tokens(cap);
  }
  assert.equal(before, 210);
});

Deno.test("a request that does not fit the cap alone is refused with what it needs", () => {
  assert.throws(() => planned([[1, 2, 3]], 10, 2), { name: "RangeError", message: /need 3 slots, the cap is 2/ });
  assert.equal(runs(planned([[1, 2, 3]], 10, 3), 10).length, 1);
});

/** The token lists and sequence indexes that a plan runs, put together again from its steps. */
function replay(steps: ScoreStep[], before: number[], found: Map<number, number[]>): void {
  const visit = (node: TrieNode, before: number[]) => {
    const here = [...before, ...node.tokens], deeper = new Set(node.children.flatMap((c) => c.through));
    for (const index of node.through.filter((i) => !deeper.has(i))) {
      assert.ok(!found.has(index), `sequence ${index} ends twice`);
      found.set(index, here);
    }
    for (const child of node.children) visit(child, here);
  };
  for (const step of steps) {
    if (step.kind === "pack") step.nodes.forEach((node) => visit(node, before));
    else {
      const { node } = step, inner = new Set(node.children.flatMap((c) => c.through));
      for (const index of node.through.filter((i) => !inner.has(i))) found.set(index, [...before, ...node.tokens]);
      replay(step.steps, [...before, ...node.tokens], found);
    }
  }
}

Deno.test("at any budget and cap every sequence runs whole, no run is over the budget, no moment over the cap", () => {
  const random = seededRandom(0);
  for (let trial = 0; trial < 300; trial++) {
    const sequences: number[][] = [];
    for (let i = 0; i < 1 + random.integer(30); i++) {
      const from = sequences.length ? sequences[random.integer(sequences.length)] : [];
      const kept = from.slice(0, random.integer(from.length + 1));
      sequences.push([...kept, ...Array.from({ length: 1 + random.integer(40) }, () => random.integer(50))]);
    }
    const budget = 1 + random.integer(60);
    const most = Math.max(...sequences.map((s) => slotsAlone(s.length, budget)));
    const cap = most + random.integer(trial % 3 === 0 ? 1 : 200);
    const context = Math.max(...sequences.map((s) => s.length)) + random.integer(30);
    const steps = planned(sequences, budget, cap, context);
    const found = new Map<number, number[]>();
    replay(steps, [], found);
    assert.deepEqual(sequences.map((_, i) => found.get(i)), sequences);
    const all = runs(steps, budget);
    assert.ok(all.every(([n]) => n <= budget), JSON.stringify(all));
    assert.equal(all.reduce((n, [, ends]) => n + ends, 0), sequences.length);
    assert.ok(widest(steps) <= context, `a run sees ${widest(steps)} slots, the context has ${context}`);
    assert.ok(peakSlots(steps, budget) <= cap, `peak ${peakSlots(steps, budget)}, cap ${cap}, budget ${budget}`);
  }
});
