import assert from "node:assert/strict";
import { applyEdits } from "../../lib/arch/edits.ts";
import { randomWeights } from "../../lib/arch/random_weights.ts";
import type { ArchEdit, ArchSpec } from "../../lib/arch/spec.ts";
import type { LanguageModel } from "../../lib/model/language_model.ts";
import { openModel } from "../../lib/model/open_model.ts";
import { runChunk, startState } from "../../lib/model/decode.ts";
import { referenceLogits } from "./reference_decoder.ts";
import { someIds, tinySpec } from "./tiny_spec.ts";
import { graphsOf } from "./own_graphs.ts";

const threads = 1;

function closeTo(got: ArrayLike<number>, want: number[], tolerance: number, what: string): void {
  const worst = want.reduce((max, v, i) => Math.max(max, Math.abs(v - got[i])), 0);
  assert.ok(worst <= tolerance, `${what}: largest difference ${worst}`);
}

async function withModel(ref: Parameters<typeof openModel>[0], use: (model: LanguageModel) => Promise<void>) {
  const model = await openModel(ref, { threads });
  try {
    await use(model);
  } finally {
    await model.close();
  }
}

const variants: [string, ArchSpec, ArchEdit[]][] = [
  ["a Llama decoder", tinySpec(), []],
  ["an untied head", tinySpec({ tiedHead: false }), []],
  ["a window of 5 tokens, itself included", tinySpec(), [{ window: 5 }]],
  ["a window of 1 token", tinySpec(), [{ window: 1 }]],
  ["layers 0 and 2", tinySpec(), [{ keepLayers: [0, 2] }]],
  ["layer 1 behind a window of 7", tinySpec(), [{ keepLayers: [1] }, { window: 7 }]],
];

for (const [what, spec, edits] of variants) {
  Deno.test(`logits() and stepwise decoding of ${what} equal the formulas written out`, async () => {
    const want = await referenceLogits(applyEdits(spec, edits), randomWeights(spec, 3), someIds);
    await withModel({ ref: spec, seed: 3, edits }, async (model) => {
      const { data, dims } = await model.logits(someIds);
      assert.deepEqual(dims, [someIds.length, spec.vocabSize]);
      closeTo(data, want.flat(), 1e-4, "score graph");

      // The generate graph's own window and cache: prefill of 4, then one token a run, as the ids say.
      const best = (row: number[]) => row.indexOf(Math.max(...row));
      let state = startState(graphsOf(model), [someIds.slice(0, 4)]);
      for (let t = 4; t <= someIds.length; t++) {
        const { tokens, logprobs, next } = await runChunk(graphsOf(model), state, { turns: 1, logprobs: true });
        const row = want[t - 1];
        assert.equal(tokens[0][0], best(row), `token after ${t}`);
        closeTo(logprobs!, [Math.max(...row) - logSumExp(row)], 1e-4, `log-probability after ${t}`);
        state = { ...next, ids: [[someIds[t]]] };
      }
    });
  });
}

Deno.test("an int8 key-value cache changes little, and the same in every graph", async () => {
  const spec = tinySpec({ contextLength: 2048 });
  const ref = { ref: spec, seed: 3, edits: [{ kvCache: "int8" as const }] };
  const want = (await referenceLogits(spec, randomWeights(spec, 3), someIds)).flat();
  await withModel(ref, async (model) => {
    const { data } = await model.logits(someIds);
    const spread = Math.sqrt(want.reduce((sum, v) => sum + v * v, 0) / want.length);
    const error = Math.sqrt(want.reduce((sum, v, i) => sum + (v - data[i]) ** 2, 0) / want.length);
    assert.ok(error > 0 && error < 0.05 * spread, `rms ${error} of ${spread}`);
    const [{ ids, logProbabilities }] = await model.generate(someIds, { maxNewTokens: 12, logProbabilities: true });
    for (const mode of ["tree", "batch", "strict"] as const) {
      const [{ logLikelihood }] = await model.score([{ contextIds: someIds, continuationIds: ids }], { mode });
      // A prefix in an int8 cache is read rounded; in one run it is read as it was computed.
      closeTo([logProbabilities!.reduce((a, b) => a + b, 0)], [logLikelihood], 0.2, mode);
    }
    const batch = await model.generateBatch([{ prompt: [1] }, { prompt: someIds }], { maxNewTokens: 12 });
    assert.deepEqual((batch[1] as { ids: number[] }[])[0].ids, ids);
  });
});

Deno.test("decoding in the graph gives the ids of decoding step by step, at any chunk size", async () => {
  await withModel({ ref: tinySpec(), seed: 1 }, async (model) => {
    const prompt = someIds.slice(0, 6);
    const sampling = { temperature: 0.9, topK: 40, topP: 0.95, uniforms: new Float32Array(24) };
    for (let i = 0; i < 24; i++) sampling.uniforms[i] = (i * 0.61803) % 1;
    const whole = await runChunk(graphsOf(model), startState(graphsOf(model), [prompt]), { turns: 24, ...sampling });
    for (const size of [1, 5]) {
      let state = startState(graphsOf(model), [prompt]);
      const ids: number[] = [];
      while (ids.length < 24) {
        const turns = Math.min(size, 24 - ids.length);
        const uniforms = sampling.uniforms.slice(ids.length, ids.length + turns);
        const chunk = await runChunk(graphsOf(model), state, { ...sampling, turns, uniforms });
        ids.push(...chunk.tokens.flat());
        state = chunk.next;
      }
      assert.deepEqual(ids, whole.tokens.flat(), `chunks of ${size}`);
    }
    assert.ok(new Set(whole.tokens.flat()).size > 5, "the draws differ");
  });
});

Deno.test("sampling follows temperature, top-k and top-p exactly at a given uniform", async () => {
  const spec = tinySpec();
  const [row] = (await referenceLogits(spec, randomWeights(spec, 5), someIds)).slice(-1);
  await withModel({ ref: spec, seed: 5 }, async (model) => {
    for (const [temperature, topK, topP] of [[1, 0, 1], [0.7, 5, 1], [1.3, 0, 0.4], [1, 20, 0.6]]) {
      for (const uniform of [0, 0.2, 0.5, 0.83, 0.999]) {
        const want = drawByHand(row, temperature, topK || row.length, topP, uniform);
        const uniforms = Float32Array.of(uniform);
        const state = startState(graphsOf(model), [someIds]);
        const { tokens } = await runChunk(graphsOf(model), state, { turns: 1, temperature, topK, topP, uniforms });
        assert.equal(tokens[0][0], want, `T ${temperature}, k ${topK}, p ${topP}, u ${uniform}`);
      }
    }
  });
});

/** Hugging Face's order: temperature, the k largest, the smallest head of them that reaches p; then inverse CDF. */
function drawByHand(logits: number[], temperature: number, k: number, p: number, uniform: number): number {
  const order = logits.map((_, i) => i).sort((a, b) => logits[b] - logits[a]).slice(0, k);
  const weights = order.map((i) => Math.exp((logits[i] - logits[order[0]]) / temperature));
  const total = weights.reduce((a, b) => a + b, 0);
  let kept = 0, mass = 0;
  while (kept < k && mass / total < p) mass += weights[kept++];
  let sum = 0;
  for (let i = 0; i < kept; i++) if ((sum += weights[i]) > uniform * mass) return order[i];
  return order[kept - 1];
}

Deno.test("generate() of a batch of samples repeats with its seed and differs between samples", async () => {
  await withModel({ ref: tinySpec(), seed: 2 }, async (model) => {
    const options = { maxNewTokens: 40, temperature: 1, samples: 3, seed: 11, ignoreEos: true };
    const first = await model.generate(someIds.slice(0, 8), options);
    const again = await model.generate(someIds.slice(0, 8), options);
    assert.deepEqual(first, again);
    assert.equal(new Set(first.map((g) => g.ids.join())).size, 3);
    const [alone] = await model.generate(someIds.slice(0, 8), { ...options, samples: 1 });
    assert.deepEqual(alone, first[0], "a sample does not depend on how many there are");
    assert.ok(first.every((g) => g.ids.length === 40 && g.finishReason === "length"));
  });
});

Deno.test("generate() ends at any token that ends a text, and before a stop string", async () => {
  await withModel({ ref: tinySpec(), seed: 2 }, async (model) => {
    const prompt = someIds.slice(0, 8);
    const [full] = await model.generate(prompt, { maxNewTokens: 30, ignoreEos: true });
    const tokenizer = model.tokenizer as { endIds: readonly number[] };
    for (const ends of [[full.ids[9]], [full.ids[9], full.ids[4]], [full.ids[20], full.ids[9]]]) {
      tokenizer.endIds = ends;
      const first = full.ids.findIndex((id) => ends.includes(id));
      const [ended] = await model.generate(prompt, { maxNewTokens: 30 });
      assert.deepEqual([ended.ids, ended.finishReason], [full.ids.slice(0, first), "stop"]);
    }
    tokenizer.endIds = [];

    const stop = full.text.slice(4, 6);
    const [stopped] = await model.generate(prompt, { maxNewTokens: 30, stop: [stop] });
    assert.equal(stopped.text, full.text.slice(0, full.text.indexOf(stop)));
    assert.equal(stopped.finishReason, "stop");
  });
});

Deno.test("score() equals the logits, whatever prefixes its requests share", async () => {
  const spec = tinySpec({ contextLength: 1024 }, 9);
  const source = randomWeights(spec, 4);
  const context = someIds.slice(0, 12);
  const requests = [
    { contextIds: context, continuationIds: [5, 6, 7] },
    { contextIds: context, continuationIds: [5, 6, 9, 200] },
    { contextIds: context, continuationIds: [5] },
    { contextIds: context.slice(0, 6), continuationIds: context.slice(6) },
    { contextIds: [201], continuationIds: [202, 203] },
    { contextIds: context, continuationIds: [5, 6, 7] },
  ];
  await withModel({ ref: spec, seed: 4 }, async (model) => {
    const results = await model.score(requests);
    for (const [i, { contextIds, continuationIds }] of requests.entries()) {
      const rows = await referenceLogits(spec, source, [...contextIds, ...continuationIds].slice(0, -1));
      const scored = rows.slice(contextIds.length - 1);
      const want = continuationIds.reduce((sum, id, j) => sum + scored[j][id] - logSumExp(scored[j]), 0);
      closeTo([results[i].logLikelihood], [want], 1e-4, `request ${i}`);
      assert.equal(results[i].tokens, continuationIds.length);
      const greedy = continuationIds.every((id, j) => scored[j][id] === Math.max(...scored[j]));
      assert.equal(results[i].isGreedy, greedy);
    }
  });
});

Deno.test("score() behind a prefix of several runs gives the same as the logits", async () => {
  const spec = tinySpec({ contextLength: 1024 }, 300);
  const shared = Array.from({ length: 900 }, (_, i) => (i * 31 + 7) % 256);
  const requests = Array.from({ length: 9 }, (_, i) => ({
    contextIds: [...shared, ...someIds.slice(0, 10 + i)],
    continuationIds: [i, i + 1, i + 2],
  }));
  await withModel({ ref: spec, seed: 6 }, async (model) => {
    const progress: number[] = [];
    const together = await model.score(requests, { onProgress: (done) => progress.push(done) });
    for (const [i, { contextIds, continuationIds }] of requests.entries()) {
      const { data, dims } = await model.logits([...contextIds, ...continuationIds].slice(0, -1));
      const want = continuationIds.reduce((sum, id, j) => {
        const row = [...data.subarray((contextIds.length - 1 + j) * dims[1], (contextIds.length + j) * dims[1])];
        return sum + row[id] - logSumExp(row);
      }, 0);
      closeTo([together[i].logLikelihood], [want], 1e-4, `request ${i}`);
    }
    assert.equal(progress.at(-1), requests.length);
  });
});

const refused: [string, (model: LanguageModel) => Promise<unknown>, RegExp][] = [
  ["an empty prompt", (m) => m.generate(""), /the prompt is empty; pass text/],
  ["a prompt longer than the context", (m) => m.generate(new Array(65).fill(1)), /65 tokens are more than.*64/],
  ["more new tokens than fit", (m) => m.generate([1, 2], { maxNewTokens: 63 }), /2 prompt tokens and maxNewTokens 63/],
  ["an id outside the vocabulary", (m) => m.logits([1, 258]), /258 is not a token id \(0 to 257\)/],
  [
    "a negative temperature",
    (m) => m.generate([1], { temperature: -1 }),
    /temperature must be a number from 0 to 1000, got -1/,
  ],
  ["top-p of 0", (m) => m.generate([1], { topP: 0 }), /topP must be a number above 0 and at most 1, got 0/],
  ["zero samples", (m) => m.generate([1], { samples: 0 }), /samples must be an integer >= 1, got 0/],
  ["zero new tokens", (m) => m.generate([1], { maxNewTokens: 0 }), /maxNewTokens must be an integer >= 1, got 0/],
  ["an empty stop string", (m) => m.generate([1], { stop: [""] }), /stop\[0\] must not be empty/],
  ["an empty continuation", (m) => m.score([{ context: "a", continuation: "" }]), /continuation has no tokens/],
];

Deno.test("bad input is refused with the value and the fix, and the model goes on", async () => {
  await withModel({ ref: tinySpec() }, async (model) => {
    for (const [what, call, message] of refused) {
      await assert.rejects(async () => await call(model), { message }, what);
    }
    assert.equal((await model.generate([1, 2], { maxNewTokens: 3, ignoreEos: true }))[0].ids.length, 3);
  });
});

function logSumExp(row: number[]): number {
  const max = Math.max(...row);
  return max + Math.log(row.reduce((sum, v) => sum + Math.exp(v - max), 0));
}
