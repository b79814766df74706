import assert from "node:assert/strict";
import { join } from "node:path";
import { ResultStore } from "../../lib/store/results.ts";
import { type SiblingsOptions, type SiblingsProgress, trainSiblings } from "../../lib/train/train_siblings.ts";
import { delta, plain, tinySpec } from "./specs.ts";

const spec = (mixer: Parameters<typeof tinySpec>[0][0]) =>
  tinySpec([mixer], { vocabSize: 16 }, { channel: { kind: "none" } });
const options = {
  task: { kind: "mqar" as const, vocabSize: 16, tokens: 16, pairs: 2 },
  batch: 8,
  tokens: 20 * 8 * 16,
  learningRates: [1e-3, 1e-2],
  seeds: 2,
};

Deno.test("siblings are trained alike, kept as they come, and read again without a run", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const store = new ResultStore(join(folder, "results.sqlite"));
    const specs = { plain: spec(plain) };
    const seen: SiblingsProgress[] = [];
    const onProgress = (soFar: SiblingsProgress) => void seen.push({ ...soFar });
    const result = await trainSiblings(specs, { ...options, store, onProgress });
    const { curves, ended } = seen.at(-1)!;
    assert.ok(ended && seen.slice(0, -1).every((soFar) => !soFar.ended));
    assert.deepEqual(curves.map(({ seed, losses }) => [seed, losses.length]), [[null, 5], [null, 5], [0, 20], [1, 20]]);
    assert.deepEqual(curves[3].losses, result.siblings.plain.runs[1].losses);
    assert.equal(result.budget, "2560 tokens");
    assert.deepEqual(Object.keys(result.siblings), ["plain"]);
    for (const { runs, search, learningRate, score } of Object.values(result.siblings)) {
      assert.deepEqual(runs.map(({ seed, steps }) => [seed, steps]), [[0, 20], [1, 20]]);
      assert.deepEqual(search.map((t) => t.learningRate), [1e-3, 1e-2]);
      const best = search.reduce((a, b) => b.loss! < a.loss! ? b : a);
      assert.equal(learningRate, best.learningRate);
      assert.equal(score.n, 2);
      assert.equal(score.point, (runs[0].test.accuracy + runs[1].test.accuracy) / 2);
      assert.ok(score.low! >= 0 && score.high! <= 1);
      assert.notDeepEqual(runs[0].losses, runs[1].losses);
    }
    assert.ok(result.siblings.plain.runs.every((run) => run.seconds > 0));
    const again = await trainSiblings(specs, { ...options, store, onProgress });
    assert.deepEqual(again, result); // to the seconds that each run took: they are read, not run
    assert.deepEqual(seen.at(-1)!.curves, curves);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("siblings are scaled to a number of parameters, with the task's vocabulary", async () => {
  const wide = tinySpec([plain, plain], { hiddenSize: 512, vocabSize: 50_000 });
  const { siblings: { small } } = await trainSiblings({ small: wide }, {
    ...options,
    parameters: 100_000,
    learningRates: [1e-2],
    seeds: 1,
    searchShare: 1,
    tokens: 2 * 8 * 16,
    store: null,
  });
  assert.equal(small.spec.vocabSize, 16);
  assert.ok(Math.abs(small.parameters - 100_000) < 5000, `${small.parameters} parameters`);
  assert.deepEqual([small.score.n, small.score.low], [1, null]); // one seed has no interval
});

Deno.test("siblings are refused before any work where something does not fit", async () => {
  const refused = (changes: Partial<SiblingsOptions>, message: RegExp, specs = { plain: spec(delta) }) =>
    assert.rejects(trainSiblings(specs, { ...options, store: null, ...changes }), message);
  await refused({ learningRates: [1e-3, 0] }, /learningRates\[1\] must be a number above 0, got 0/);
  await refused({ learningRates: [] }, /learningRates must have at least 1 entry, got 0/);
  await refused({ seeds: 0 }, /seeds must be an integer >= 1, got 0/);
  await refused({ searchShare: 2 }, /searchShare must be a number above 0 and at most 1, got 2/);
  await refused({ tokens: undefined }, /one of tokens, flops and seconds, got none/);
  await refused({ tokens: 200 }, /a budget of 50 tokens is too small/); // a quarter of it, for the search
  await refused({}, /there are no architectures/, {} as never);
  await refused({ task: { kind: "mqar", vocabSize: 32 } }, /ids up to 31, its vocabSize is 16/);
});
