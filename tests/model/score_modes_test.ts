import assert from "node:assert/strict";
import { cacheName } from "../../lib/arch/states.ts";
import { randomWeights } from "../../lib/arch/random_weights.ts";
import type { LanguageModel } from "../../lib/model/language_model.ts";
import { planBatches } from "../../lib/model/plan_batches.ts";
import { openModel } from "../../lib/model/open_model.ts";
import { type FinishedScore, SCORE_MODES, type ScoreOptions } from "../../lib/model/score_options.ts";
import { peakSlots, planSteps, slotsAlone } from "../../lib/model/score_plan.ts";
import { buildTrie } from "../../lib/model/score_trie.ts";
import type { Feeds, Tensor } from "../../lib/model/session.ts";
import type { ScoreRequest, ScoreResult } from "../../lib/model/log_likelihood.ts";
import { referenceLogits } from "./reference_decoder.ts";
import { tinySpec } from "./tiny_spec.ts";
import { graphsOf } from "./own_graphs.ts";

const ids = (length: number, start: number) => Array.from({ length }, (_, i) => (i * 31 + start * 17) % 256);
/** Requests of many lengths: shared prefixes of two depths, a duplicate, a long one, one that shares nothing. */
const requests: { contextIds: number[]; continuationIds: number[] }[] = [
  ...[1, 2, 3, 4, 5].map((k) => ({ contextIds: [...ids(40, 1), ...ids(9 + k, k)], continuationIds: ids(3, k) })),
  ...[6, 7].map((k) => ({ contextIds: [...ids(40, 1), ...ids(30, 9), k], continuationIds: ids(k, 3) })),
  { contextIds: [...ids(40, 1), ...ids(30, 9), 6], continuationIds: ids(6, 3) },
  { contextIds: ids(1, 8), continuationIds: ids(1, 5) },
  { contextIds: ids(150, 8), continuationIds: ids(20, 2) },
  { contextIds: [...ids(40, 1), ...ids(10, 1)], continuationIds: [200] },
  { contextIds: [...ids(40, 1), ...ids(10, 1)], continuationIds: [201] },
];

async function withModel(window: number | undefined, use: (model: LanguageModel) => Promise<void>): Promise<void> {
  const model = await openModel({ ref: tinySpec({ contextLength: 512 }, window), seed: 4 }, { threads: 1 });
  try {
    await use(model);
  } finally {
    await model.close();
  }
}

const difference = (a: ScoreResult[], b: ScoreResult[]) =>
  Math.max(...a.map((r, i) => Math.abs(r.logLikelihood - b[i].logLikelihood)));

for (const window of [undefined, 13]) {
  Deno.test(`tree, batch and strict give the formulas' numbers ${window ? `behind a window of ${window}` : ""}`, () =>
    withModel(window, async (model) => {
      const weights = randomWeights(model.spec, 4);
      const want: number[] = [];
      for (const { contextIds, continuationIds } of requests) {
        const rows = await referenceLogits(model.spec, weights, [...contextIds, ...continuationIds].slice(0, -1));
        const scored = rows.slice(contextIds.length - 1);
        want.push(continuationIds.reduce((sum, id, j) => sum + scored[j][id] - logSumExp(scored[j]), 0));
      }
      const expected = want.map((logLikelihood): ScoreResult => ({ logLikelihood, isGreedy: false, tokens: 0 }));
      for (const mode of SCORE_MODES) {
        for (const tokenBudget of [1, 16, 64, 1000]) {
          const done: number[] = [];
          const options: ScoreOptions = { mode, tokenBudget, onProgress: (n) => done.push(n) };
          const got = await model.score(requests, options);
          assert.ok(difference(got, expected) < 1e-4, `${mode}, budget ${tokenBudget}: ${difference(got, expected)}`);
          assert.deepEqual(got.map((r) => r.tokens), requests.map((r) => r.continuationIds.length));
          assert.equal(done.at(-1), requests.length);
        }
      }
    }));
}

Deno.test("score() with known results runs what is missing, with the bits of an uninterrupted call", () =>
  withModel(undefined, async (model) => {
    for (const mode of SCORE_MODES) {
      const options: ScoreOptions = { mode, tokenBudget: 40 };
      const finished: FinishedScore[][] = [];
      const whole = await model.score(requests, { ...options, onProgress: (_, parts) => finished.push(parts) });
      assert.deepEqual(finished.flat().map((f) => f.index).sort((a, b) => a - b), [...requests.keys()]);
      for (const runs of [0, 1, Math.floor(finished.length / 2), finished.length]) {
        const known = Object.fromEntries(finished.slice(0, runs).flat().map((f) => [f.index, f.result]));
        const rest: FinishedScore[][] = [];
        const got = await model.score(requests, { ...options, known, onProgress: (_, parts) => rest.push(parts) });
        assert.deepEqual(got, whole);
        assert.equal(rest.flat().length, requests.length - Object.keys(known).length);
        assert.ok(rest.flat().every((f) => !(f.index in known)));
      }
    }
  }));

/** What the model's score session really did: tokens run, and the most slots that were alive at once. */
async function watched(model: LanguageModel, options: ScoreOptions) {
  const session = await graphsOf(model).session("score"), name = cacheName("present", 0, "key");
  const run = session.run;
  const alive = new Map<Tensor, number>();
  let tokens = 0, peak = 0;
  session.run = async <K extends string>(feeds: Feeds, fetches: readonly K[]) => {
    const past = feeds[cacheName("past", 0, "key")];
    const [batch, , slots] = past.dims, n = feeds.ids.dims[1];
    if (slots > 0 && !alive.has(past)) watch(past); // the root
    tokens += batch * n;
    const held = [...alive.values()].reduce((sum, n) => sum + n, 0);
    peak = Math.max(peak, held + batch * (slots + n));
    const out = await run.call(session, feeds, fetches) as Record<K, Tensor>;
    const present = (out as Record<string, Tensor>)[name];
    if (present) watch(present);
    return out;
  };
  const watch = (cache: Tensor) => {
    alive.set(cache, cache.dims[2]);
    const dispose = cache.dispose.bind(cache);
    cache.dispose = () => {
      alive.delete(cache);
      dispose();
    };
  };
  try {
    return { results: await model.score(requests, options), tokens, peak };
  } finally {
    session.run = run;
  }
}

Deno.test("the cap on cached tokens holds in every mode, with the same numbers", () =>
  withModel(undefined, async (model) => {
    const sequences = requests.map((r) => [...r.contextIds, ...r.continuationIds].slice(0, -1));
    const strict = await model.score(requests, { mode: "strict" });
    const wide = await watched(model, { tokenBudget: 32 });
    let before = Infinity;
    for (const cap of [slotsAlone(169, 32), 340, 400, 1000]) {
      const options = { tokenBudget: 32, maxCachedTokens: cap };
      const { results, peak, tokens } = await watched(model, options);
      const plan = planSteps(buildTrie(sequences), { budget: 32, cap, context: 512 });
      assert.equal(peak, peakSlots(plan, 32), "the plan knows");
      assert.ok(peak <= cap, `peak ${peak}, cap ${cap}`);
      assert.ok(difference(results, strict) < 1e-4);
      assert.ok(tokens <= before && tokens >= wide.tokens, "what is not kept is run again");
      before = tokens;
    }
    const batch = await watched(model, { mode: "batch", tokenBudget: 1000, maxCachedTokens: 200 });
    assert.ok(batch.peak <= 200, `peak ${batch.peak}`);
    assert.ok(difference(batch.results, strict) < 1e-4);
  }));

Deno.test("a small cap on shared prefixes runs more tokens and holds fewer", () =>
  withModel(undefined, async (model) => {
    const short = requests.filter((r) => r.contextIds.length < 100);
    const saved = [...requests];
    requests.splice(0, requests.length, ...short);
    try {
      const wide = await watched(model, { tokenBudget: 24 });
      const longest = Math.max(...short.map((r) => r.contextIds.length + r.continuationIds.length - 1));
      const narrow = await watched(model, { tokenBudget: 24, maxCachedTokens: slotsAlone(longest, 24) });
      assert.ok(narrow.tokens > wide.tokens && narrow.peak < wide.peak, JSON.stringify([narrow, wide]));
      assert.ok(difference(narrow.results, wide.results) < 1e-4);
    } finally {
      requests.splice(0, requests.length, ...saved);
    }
  }));

Deno.test("requests as long as the context, and packed runs near its end, are scored", async () => {
  const model = await openModel({ ref: tinySpec({ contextLength: 64 }), seed: 4 }, { threads: 1 });
  const near = [
    { contextIds: ids(32, 1), continuationIds: ids(33, 2) },
    { contextIds: ids(80, 3), continuationIds: ids(2, 2) }, // loses its start
    ...[1, 2, 3, 4].map((k) => ({ contextIds: ids(58, 5), continuationIds: ids(5, k) })),
    ...[1, 2, 3].map((k) => ({ contextIds: ids(20, k), continuationIds: ids(5, k) })),
  ];
  const strict = await model.score(near, { mode: "strict" });
  for (const mode of SCORE_MODES) {
    for (const tokenBudget of [20, 64, 384]) {
      assert.ok(difference(await model.score(near, { mode, tokenBudget }), strict) < 1e-4, `${mode} ${tokenBudget}`);
    }
  }
  assert.equal((await model.logits(ids(64, 1))).dims[0], 64);
  await model.close();
});

Deno.test("equal requests are run once", () =>
  withModel(undefined, async (model) => {
    const session = await graphsOf(model).session("score"), run = session.run;
    let rows = 0;
    session.run = (feeds, fetches) => {
      rows += feeds.ids.dims[1];
      return run.call(session, feeds, fetches) as ReturnType<typeof run>;
    };
    const one = { contextIds: ids(10, 1), continuationIds: [4, 5] };
    const results = await model.score([one, one, one]);
    assert.equal(rows, 11);
    assert.deepEqual(results[0], results[2]);
  }));

Deno.test("options out of range and requests over the cap are refused with the values and the fix", () =>
  withModel(undefined, async (model) => {
    const refused: [ScoreOptions, RegExp][] = [
      [{ tokenBudget: 0 }, /tokenBudget must be an integer >= 1, got 0/],
      [{ tokenBudget: 1.5 }, /tokenBudget must be an integer >= 1, got 1.5/],
      [{ tokenBudget: NaN }, /tokenBudget must be an integer >= 1, got NaN/],
      [{ maxCachedTokens: -3 }, /maxCachedTokens must be an integer >= 1, got -3/],
      [{ mode: "trie" as "tree" }, /mode is "trie"; did you mean "tree"\? There are: tree, batch, strict/],
      [
        { maxCachedTokens: 300, tokenBudget: 32 },
        /request 9 of 169 tokens: alone it needs 306 cached tokens at token budget 32, maxCachedTokens is 300; raise it to 306/,
      ],
      [{ maxCachedTokens: 100, mode: "strict" }, /request 9 of 169 tokens: alone it needs 169.*raise it to 169/],
      [{ maxCachedTokens: 100, mode: "batch" }, /request 9 of 169 tokens/],
    ];
    for (const [options, message] of refused) {
      await assert.rejects(() => model.score(requests, options), { name: "RangeError", message });
    }
  }));

Deno.test("planBatches() batches like lengths within the padded budget; a longer one stands alone", () => {
  assert.deepEqual(planBatches([3, 9, 4, 2, 4, 30], 12), [[5], [1], [2, 4, 0], [3]]);
  assert.deepEqual(planBatches([], 10), []);
});

Deno.test("a NaN names the request at fault, not its neighbours in the run", () =>
  withModel(undefined, async (model) => {
    const poison = 257; // no other request has it; it spoils the run that it is in
    const session = await graphsOf(model).session("score"), run = session.run;
    session.run = async (feeds, fetches) => {
      const out = await run.call(session, feeds, fetches) as Awaited<ReturnType<typeof run>>;
      if ((feeds.ids.data as BigInt64Array).includes(BigInt(poison))) {
        (out.target_logprobs?.data as Float32Array | undefined)?.fill(NaN);
      }
      return out as never;
    };
    const bad: ScoreRequest[] = requests.map((r, i) => i === 3 ? { ...r, contextIds: [...r.contextIds, poison] } : r);
    for (const mode of SCORE_MODES) {
      const message =
        /Cannot score request 3 with tiny.*log-probability of its continuation is NaN; look at the logits/;
      await assert.rejects(() => model.score(bad, { mode }), { name: "RangeError", message }, mode);
    }
  }));

Deno.test("an empty context stands for the prefix token, as text and as ids", () =>
  withModel(undefined, async (model) => {
    const [text, none, prefix] = await model.score([
      { context: "", continuation: "ab" },
      { contextIds: [], continuationIds: [97, 98] },
      { contextIds: [model.tokenizer.bosId!], continuationIds: [97, 98] },
    ]);
    assert.deepEqual(none, prefix);
    assert.deepEqual(text, prefix);
    const rows = await referenceLogits(model.spec, randomWeights(model.spec, 4), [256, 97]);
    const want = [97, 98].reduce((sum, id, j) => sum + rows[j][id] - logSumExp(rows[j]), 0);
    assert.ok(Math.abs(none.logLikelihood - want) < 1e-4);
  }));

Deno.test("all texts of a call are encoded at once, a shared context only once", () =>
  withModel(undefined, async (model) => {
    const { encodeBatch } = model.tokenizer, calls: string[][] = [];
    model.tokenizer.encodeBatch = (texts) => {
      calls.push(texts);
      return encodeBatch(texts);
    };
    await model.score([" b", " c", "d"].map((continuation) => ({ context: "a", continuation })));
    assert.deepEqual(calls, [["a", " b", " c", "ad"]]);
  }));

Deno.test("a join that leaves the continuation no token of its own says so", () =>
  withModel(undefined, async (model) => {
    model.tokenizer.encodeBatch = (texts) =>
      // "st" is never cut
      Promise.resolve(texts.map((text) => text.split(/(?<=st)/).map((part) => part.length)));
    await assert.rejects(
      () => model.score([{ context: "fir", continuation: "st" }]),
      { name: "RangeError", message: /request 0.*continuation "st" has no tokens of its own: the tokenizer merges it/ },
    );
  }));

function logSumExp(row: number[]): number {
  const max = Math.max(...row);
  return max + Math.log(row.reduce((sum, v) => sum + Math.exp(v - max), 0));
}
