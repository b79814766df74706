import assert from "node:assert/strict";
import { buildInMemory } from "../../lib/arch/build.ts";
import { randomWeights } from "../../lib/arch/random_weights.ts";
import type { ArchSpec } from "../../lib/arch/spec.ts";
import type { WeightSource } from "../../lib/arch/weight_source.ts";
import type { GenerateResult, Generation } from "../../lib/model/generate.ts";
import { openModel } from "../../lib/model/open_model.ts";
import { openSession } from "../../lib/model/session.ts";
import { ids } from "./agreement.ts";
import { recurrentSpecs } from "./recurrent_specs.ts";
import { someIds, tinySpec } from "./tiny_spec.ts";
import { graphsOf, modelOf } from "./own_graphs.ts";

const spec = tinySpec({ contextLength: 160 });
/** Lengths from 1 to 60, in no order. */
const prompts = Array.from({ length: 17 }, (_, i) => {
  const length = 1 + (i * 23) % 60;
  return Array.from({ length }, (_, t) => (t * 31 + i * 17) % 256);
});

Deno.test("generateBatch() gives each prompt what it gets alone, whatever enters and leaves beside it", async () => {
  const model = await openModel({ ref: spec, seed: 1 }, { threads: 1 });
  try {
    for (const sampling of [{ temperature: 0 }, { temperature: 0.8, topP: 0.9, samples: 3 }]) {
      const tokenizer = model.tokenizer as { endIds: readonly number[] };
      tokenizer.endIds = [];
      const endless = await Promise.all(prompts.map((p) => model.generate(p, { maxNewTokens: 70, ...sampling })));
      tokenizer.endIds = [spec.vocabSize, tokenOfManyPlaces(endless.flat().map((g) => g.ids)), endless[0][0].ids[5]];
      const options = { ...sampling, maxNewTokens: 70, logProbabilities: true };
      const alone: Generation[][] = [];
      for (const [seed, prompt] of prompts.entries()) {
        alone.push(await model.generate(prompt, { ...options, seed }));
      }
      const ends = new Set(alone.flat().map((g) => g.ids.length));
      assert.ok(ends.size > 3, "rows end at different times");
      const requests = prompts.map((prompt, seed) => ({ prompt, seed }));
      for (const limits of [{ maxRows: 4, chunk: 7 }, { maxCachedTokens: 400, chunk: 16 }, {}]) {
        const together = await model.generateBatch(requests, { ...options, ...limits });
        assertSame(together, alone, JSON.stringify({ ...sampling, ...limits }));
      }
    }
  } finally {
    await model.close();
  }
});

/** The token whose first places in the sequences differ most, so that rows leave at different times. */
function tokenOfManyPlaces(sequences: number[][]): number {
  const places = (id: number) => new Set(sequences.map((s) => s.indexOf(id))).size;
  return [...new Set(sequences.flat())].reduce((best, id) => places(id) > places(best) ? id : best);
}

/** Ids and ends are equal; log-probabilities to fp32 rounding. */
function assertSame(got: GenerateResult[], want: Generation[][], what: string): void {
  got.forEach((result, i) => {
    assert.ok(!("refused" in result), what);
    result.forEach((generation, sample) => {
      const { logProbabilities, ...rest } = generation, { logProbabilities: other, ...same } = want[i][sample];
      assert.deepEqual(rest, same, `${what}, request ${i}, sample ${sample}`);
      logProbabilities!.forEach((p, t) => assert.ok(Math.abs(p - other![t]) < 1e-4, `${what}: ${p} ${other![t]}`));
    });
  });
}

Deno.test("log-probabilities of a generation are those that score() gives", async () => {
  const model = await openModel({ ref: spec, seed: 1 }, { threads: 1 });
  try {
    const [{ ids, logProbabilities }] = await model.generate(someIds, { maxNewTokens: 12, logProbabilities: true });
    const [{ logLikelihood }] = await model.score([{ contextIds: someIds, continuationIds: ids }]);
    assert.ok(Math.abs(logProbabilities!.reduce((a, b) => a + b, 0) - logLikelihood) < 1e-4);
  } finally {
    await model.close();
  }
});

Deno.test("the caches of a batch stay below maxCachedTokens and maxRows", async () => {
  const { model, seen } = await watched(spec, randomWeights(spec, 8));
  try {
    await model.generateBatch(prompts.map((prompt) => ({ prompt })), {
      maxNewTokens: 40,
      maxCachedTokens: 450,
      maxRows: 6,
      samples: 2,
    });
    const decoding = seen.filter(({ tokens }) => tokens === 1);
    const most = Math.max(...decoding.map(({ rows, slots }) => rows * slots));
    assert.ok(most <= 450 && most > 200, `${most} cached tokens`);
    assert.ok(Math.max(...decoding.map(({ rows }) => rows)) <= 6);
    // 17 prompts, 1 of a single token: the others are put into caches once for their two samples.
    const prefilled = seen.filter(({ slots }) => slots === 0).reduce((n, { rows }) => n + rows, 0);
    assert.ok(prefilled <= 17, `${prefilled} rows prefilled`);
  } finally {
    await model.close();
  }
});

// A cached token is 256 bytes: 2 heads of keys and values of 16 numbers, or a residual of 64. A row of Mamba-2 has states
// of 3 (8 x 16 x 16 + 192 x 3) numbers, of the gated DeltaNet 2 (4 x 16 x 16 + 128 x 3).
for (
  const [name, { states, rows, most }] of Object.entries({
    "Mamba-2": { states: 123, rows: 3, most: 123 },
    "gated DeltaNet + attention": { states: 44, rows: 5, most: 44 + 20 + 16 },
  })
) {
  Deno.test(`${name}: recurrent states count against maxCachedTokens by their bytes`, async () => {
    const spec = recurrentSpecs[name], { model, seen } = await watched(spec, randomWeights(spec, 3));
    try {
      const requests = Array.from({ length: 12 }, (_, i) => ({ prompt: ids(20 - i, i) }));
      const options = { maxNewTokens: 16, ignoreEos: true };
      const results = await model.generateBatch(requests, { ...options, maxCachedTokens: 400 });
      assert.ok(results.every((r) => !("refused" in r) && r[0].ids.length === 16));
      assert.equal(Math.max(...seen.map((run) => run.rows)), rows);
      assert.ok(Math.max(...seen.map(({ bytes }) => bytes)) <= 400 * 256);
      const [refused] = await model.generateBatch(requests, { ...options, maxCachedTokens: most - 1 });
      assert.match(
        "refused" in refused ? refused.refused : "",
        new RegExp(`need ${most} cached tokens, ${states} of them for its recurrent states, and maxCachedTokens is`),
      );
    } finally {
      await model.close();
    }
  });
}

Deno.test("requests that cannot be continued are refused with the reason, and the others go on", async () => {
  const broken = tinySpec({ contextLength: 160, tiedHead: false, embeddingScale: 2 });
  const { model } = await watched(broken, withNaN(randomWeights(broken, 9), 7));
  try {
    const requests = [[1, 2, 3], [], [1, 7, 2], new Array(150).fill(1), [4, 5], [9999]].map((prompt) => ({ prompt }));
    const seen: number[] = [];
    const options = { maxNewTokens: 20, samples: 2, ignoreEos: true, maxRows: 3 };
    const results = await model.generateBatch(requests, { ...options, onResult: (index) => seen.push(index) });
    const reasons = results.map((r) => "refused" in r ? r.refused : r.map((g) => g.ids.length).join());
    assert.equal(reasons[0], "20,20");
    assert.match(reasons[1], /the prompt is empty/);
    assert.match(reasons[2], /tiny: its logits are not finite after 0 new tokens/);
    assert.match(reasons[3], /150 prompt tokens and maxNewTokens 20 are more than its context of 160/);
    assert.equal(reasons[4], "20,20");
    assert.match(reasons[5], /9999 is not a token id/);
    assert.deepEqual(seen.toSorted(), [0, 1, 2, 3, 4, 5]);
    await assert.rejects(model.generate([7], { maxNewTokens: 3 }), /logits are not finite/);
    await assert.rejects(
      model.generateBatch(requests, { maxRows: 0 }),
      /maxRows must be an integer >= 1, got 0/,
    );
    const [large] = await model.generateBatch([{ prompt: [1, 2, 3] }], { maxNewTokens: 20, maxCachedTokens: 22 });
    assert.match(
      "refused" in large ? large.refused : "",
      /3 prompt tokens and maxNewTokens 20 need 23 cached tokens, and maxCachedTokens is 22/,
    );
  } finally {
    await model.close();
  }
});

/** A model whose runs are seen: rows, tokens a row, slots and bytes of the caches before the run. */
async function watched(spec: ArchSpec, source: WeightSource) {
  const built = await buildInMemory(spec, spec, "fp32", source);
  const seen: { rows: number; tokens: number; slots: number; bytes: number }[] = [];
  const info = (await openModel({ ref: spec }, { threads: 1, graphs: [] })).info;
  const model = modelOf(info, spec, async (kind) => {
    const session = await openSession(built.graph(kind), { threads: 1, externalData: built.externalData });
    return {
      ...session,
      run(feeds, fetches) {
        const [rows, tokens] = feeds.ids.dims;
        const bytes = graphsOf(model).caches.reduce(
          (sum, { past }) => sum + (feeds[past].data as Float32Array).byteLength,
          0,
        );
        seen.push({ rows, tokens, slots: feeds[graphsOf(model).caches[0].past].dims[2], bytes });
        return session.run(feeds, fetches);
      },
    };
  });
  return { model, seen };
}

/** The embedding of one token becomes infinite when it is scaled: prompts that hold it break, the others do not. */
function withNaN(source: WeightSource, id: number): WeightSource {
  return {
    ...source,
    async model(name) {
      const matrix = await source.model(name) as { rows: number; cols: number; values: Float32Array };
      if (name === "embedding") matrix.values.fill(3e38, id * matrix.cols, (id + 1) * matrix.cols);
      return matrix;
    },
  };
}
