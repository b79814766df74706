import assert from "node:assert/strict";
import { cacheName, grows } from "../../lib/arch/states.ts";
import { layerStates } from "../../lib/arch/blocks/layer.ts";
import { recurrentStateBytes } from "../../lib/cost/bytes.ts";
import { runChunk, startState } from "../../lib/model/decode.ts";
import { SCORE_MODES, type ScoreOptions } from "../../lib/model/score_options.ts";
import { generations, ids, logProbabilities, withModel } from "./agreement.ts";
import { recurrentSpecs } from "./recurrent_specs.ts";
import { someIds } from "./tiny_spec.ts";
import { graphsOf } from "./own_graphs.ts";

function near(got: number[], want: number[], limit = 1e-4): void {
  const worst = Math.max(...got.map((v, i) => Math.abs(v - want[i])));
  assert.ok(got.length === want.length && worst < limit, `difference ${worst}`);
}

for (const [name, spec] of Object.entries(recurrentSpecs)) {
  Deno.test(`${name}: prompts at once, token by token and decoding in the graph agree`, () =>
    withModel(spec, async (model) => {
      const whole = await runChunk(graphsOf(model), startState(graphsOf(model), [someIds]), {
        turns: 12,
        logprobs: true,
      });
      const made = whole.tokens.map(([id]) => id);
      near([...whole.logprobs!], await logProbabilities(model, [...someIds, ...made], 12));
      // The prompt token by token, then the answer token by token.
      let state = startState(graphsOf(model), [someIds.slice(0, 1)]);
      const stepped: number[] = [], logprobs: number[] = [];
      for (let t = 1; t < someIds.length + 12; t++) {
        const step = await runChunk(graphsOf(model), state, { turns: 1, logprobs: true });
        state = step.next;
        if (t < someIds.length) state.ids = [[someIds[t]]];
        else stepped.push(step.tokens[0][0]), logprobs.push(step.logprobs![0]);
      }
      assert.deepEqual(stepped, made);
      near(logprobs, [...whole.logprobs!]);
    }));

  Deno.test(`${name}: rows that enter and leave a batch, and samples of one prompt, get what they get alone`, () =>
    withModel(spec, async (model) => {
      const requests = [3, 17, 1, 9, 9, 30].map((length, i) => ({ prompt: ids(length, i), seed: i }));
      const options = { maxNewTokens: 14, ignoreEos: true, logProbabilities: true };
      for (const drawn of [{}, { temperature: 1, topK: 20, samples: 3 }]) {
        const together = await model.generateBatch(requests, { ...options, ...drawn, maxRows: 4, chunk: 3 });
        for (const [i, { prompt, seed }] of requests.entries()) {
          const alone = await model.generate(prompt, { ...options, ...drawn, seed });
          generations(together[i]).forEach((one, sample) => {
            assert.deepEqual(one.ids, alone[sample].ids);
            near(one.logProbabilities!, alone[sample].logProbabilities!);
          });
          if ("samples" in drawn) assert.notDeepEqual(alone[0].ids, alone[1].ids);
          else near(alone[0].logProbabilities!, await logProbabilities(model, [...prompt, ...alone[0].ids], 14));
        }
      }
    }));

  Deno.test(`${name}: scores are the same in every mode and with every budget`, () =>
    withModel(spec, async (model) => {
      const shared = ids(40, 1);
      const requests = [
        ...[1, 2, 3, 4].map((k) => ({ contextIds: [...shared, ...ids(9, 2)], continuationIds: ids(k + 2, k) })),
        ...[5, 6].map((k) => ({ contextIds: [...shared, ...ids(9 + k, 2)], continuationIds: ids(3, k) })),
        { contextIds: shared.slice(0, 20), continuationIds: shared.slice(20, 30) },
        { contextIds: ids(1, 8), continuationIds: ids(1, 5) },
        { contextIds: ids(70, 8), continuationIds: ids(20, 2) },
      ];
      const want: number[] = [];
      for (const { contextIds, continuationIds } of requests) {
        const each = await logProbabilities(model, [...contextIds, ...continuationIds], continuationIds.length);
        want.push(each.reduce((a, b) => a + b, 0));
      }
      for (const mode of SCORE_MODES) {
        for (const tokenBudget of [1, 16, 64, 1000]) {
          const got = await model.score(requests, { mode, tokenBudget });
          near(got.map((r) => r.logLikelihood), want);
        }
      }
    }));

  Deno.test(`${name}: int8 and int4 weights run, and decode as they prefill`, async () => {
    for (const precision of ["int8", "int4"] as const) {
      await withModel(spec, async (model) => {
        const [one] = await model.generate(someIds, { maxNewTokens: 8, ignoreEos: true, logProbabilities: true });
        // Activations are rounded to 8 bits, so that the last digits depend on what runs together.
        near(one.logProbabilities!, await logProbabilities(model, [...someIds, ...one.ids], 8), 0.1);
      }, { precision });
    }
  });
}

Deno.test("branches behind a shared prefix run as rows of a batch, or one by one where there is attention", async () => {
  const requests = [1, 2, 3, 4].map((k) => ({ contextIds: ids(40, 1), continuationIds: ids(6, k * 3) }));
  const runs = async (name: string, options: ScoreOptions = {}) => {
    const seen: string[] = [];
    await withModel(recurrentSpecs[name], async (model) => {
      const session = await graphsOf(model).session("score"), run = session.run;
      session.run = (feeds, fetches) => {
        seen.push(feeds.ids.dims.join(" x "));
        return run.call(session, feeds, fetches) as ReturnType<typeof run>;
      };
      const got = await model.score(requests, options);
      near(
        got.map((r) => r.logLikelihood),
        (await model.score(requests, { mode: "strict" })).map((r) => r.logLikelihood),
      );
    });
    return seen.slice(0, -requests.length);
  };
  assert.deepEqual(await runs("Mamba-2"), ["1 x 40", "4 x 5"]);
  assert.deepEqual(await runs("gated DeltaNet + attention"), ["1 x 40", "1 x 5", "1 x 5", "1 x 5", "1 x 5"]);
  // Past and present of a run behind the prefix are 85 slots.
  const narrow = { maxCachedTokens: 84 };
  assert.deepEqual(await runs("gated DeltaNet + attention", narrow), new Array(4).fill("1 x 45"));
});

Deno.test("states that do not grow have the same bytes after any number of tokens", async () => {
  for (const spec of Object.values(recurrentSpecs)) {
    await withModel(spec, async (model) => {
      for (const tokens of [3, 200]) {
        const { next } = await runChunk(graphsOf(model), startState(graphsOf(model), [ids(tokens, 1)]), { turns: 1 });
        const sizes = spec.layers.flatMap((layer, i) =>
          layerStates(spec, layer).filter((state) => !grows(state)).map(({ name }) =>
            (next.caches[cacheName("past", i, name)].data as Float32Array).byteLength
          )
        );
        assert.equal(sizes.reduce((a, b) => a + b, 0), recurrentStateBytes(spec));
      }
    });
  }
});
