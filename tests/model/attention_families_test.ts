/** What families add to softmax attention, through every way of running: all of them must say what one pass says. */
import assert from "node:assert/strict";
import type { ArchSpec, AttentionSpec, LayerSpec } from "../../lib/arch/spec.ts";
import { runChunk, startState } from "../../lib/model/decode.ts";
import { SCORE_MODES } from "../../lib/model/score_options.ts";
import { generations, ids, logProbabilities, withModel } from "./agreement.ts";
import { someIds, tinySpec } from "./tiny_spec.ts";
import { graphsOf } from "./own_graphs.ts";

const heads = { kind: "attention" as const, heads: 4, kvHeads: 2, headDim: 16 };
const mlp = { kind: "gelu" as const, intermediateSize: 96, bias: true };
const layernorm = { kind: "layernorm" as const, epsilon: 1e-5 };

/** Three layers with the same parts but for their attention. */
function layers(attention: (index: number) => Partial<AttentionSpec>, layer: Partial<LayerSpec> = {}): LayerSpec[] {
  return [0, 1, 2].map((i) => ({
    mixer: { ...heads, ...attention(i) },
    channel: { kind: "swiglu", intermediateSize: 96 },
    ...layer,
  }));
}

const specs: Record<string, Partial<ArchSpec>> = {
  "Gemma 2": {
    layers: layers((i) => ({ softcap: 3, scale: 0.3, ...(i % 2 ? {} : { window: 7 }) }), {
      placement: "sandwich",
      channel: { kind: "geglu", intermediateSize: 96 },
    }),
    logitSoftcap: 4,
    embeddingScale: 8,
  },
  "Gemma 3": {
    layers: layers((i) => ({
      qkNorm: "head",
      ...(i === 2 ? {} : { window: 7, position: { kind: "rope", theta: 100 } }),
    }), { placement: "sandwich", channel: { kind: "geglu", intermediateSize: 96 } }),
    position: { kind: "rope", theta: 1e6, scaling: { kind: "linear", factor: 8 } },
  },
  "OLMo 2": { layers: layers(() => ({ qkNorm: "full" }), { placement: "post" }) },
  "Phi": {
    layers: layers(() => ({ qkvBias: true, outputBias: true }), { placement: "parallel_shared", channel: mlp }),
    norm: layernorm,
    position: { kind: "rope", theta: 10000, dims: 8 },
    tiedHead: false,
    headBias: true,
  },
  "GPT-NeoX": {
    layers: layers(() => ({ qkvBias: true, kvHeads: 4 }), { placement: "parallel", channel: mlp }),
    norm: layernorm,
    position: { kind: "rope", theta: 10000, dims: 8 },
  },
  "GPT-2": {
    layers: layers(() => ({ qkvBias: true, outputBias: true, kvHeads: 4 }), { channel: mlp }),
    norm: layernorm,
    position: { kind: "learned" },
  },
  "ALiBi with a window and one key-value head": {
    layers: layers((i) => ({ kvHeads: 1, ...(i ? { window: 6 } : {}) })),
    position: { kind: "alibi" },
  },
  "windows with sinks, and a gate on the output": {
    layers: layers((i) => ({ outputGate: true, ...(i ? { window: 5, sinks: 2 } : {}) })),
  },
  "layers without positions": { layers: layers((i) => i === 1 ? { position: { kind: "none" } } : {}) },
  "YaRN": {
    position: {
      kind: "rope",
      theta: 10000,
      scaling: { kind: "yarn", factor: 4, originalContext: 16 },
    },
  },
};

const familySpec = (changes: Partial<ArchSpec>) => tinySpec({ contextLength: 128, ...changes });

function near(got: number[], want: number[], what: string, limit = 1e-4): void {
  const worst = Math.max(...got.map((v, i) => Math.abs(v - want[i])));
  assert.ok(got.length === want.length && worst < limit, `${what}: difference ${worst}`);
}

for (const [name, changes] of Object.entries(specs)) {
  Deno.test(`${name}: prompts at once, token by token and in a ragged batch agree`, () =>
    withModel(familySpec(changes), async (model) => {
      const whole = await runChunk(graphsOf(model), startState(graphsOf(model), [someIds]), {
        turns: 12,
        logprobs: true,
      });
      const made = whole.tokens.map(([id]) => id);
      near([...whole.logprobs!], await logProbabilities(model, [...someIds, ...made], 12), "in the graph");
      let state = startState(graphsOf(model), [someIds.slice(0, 1)]);
      const stepped: number[] = [];
      for (let t = 1; t < someIds.length + 12; t++) {
        const step = await runChunk(graphsOf(model), state, { turns: 1 });
        state = step.next;
        if (t < someIds.length) state.ids = [[someIds[t]]];
        else stepped.push(step.tokens[0][0]);
      }
      assert.deepEqual(stepped, made);

      const requests = [3, 17, 1, 9, 30].map((length, i) => ({ prompt: ids(length, i) }));
      const options = { maxNewTokens: 14, ignoreEos: true, logProbabilities: true };
      const together = await model.generateBatch(requests, { ...options, maxRows: 4, chunk: 3 });
      for (const [i, { prompt }] of requests.entries()) {
        const [one] = generations(together[i]);
        near(one.logProbabilities!, await logProbabilities(model, [...prompt, ...one.ids], 14), `row ${i}`);
      }
    }));

  Deno.test(`${name}: scores are the same in every mode and with every budget`, () =>
    withModel(familySpec(changes), async (model) => {
      const shared = ids(40, 1);
      const requests = [
        ...[1, 2, 3, 4].map((k) => ({ contextIds: [...shared, ...ids(9, 2)], continuationIds: ids(k + 2, k) })),
        ...[5, 6].map((k) => ({ contextIds: [...shared, ...ids(9 + k, 2)], continuationIds: ids(3, k) })),
        { contextIds: shared.slice(0, 20), continuationIds: shared.slice(20, 30) },
        { contextIds: ids(1, 8), continuationIds: ids(1, 5) },
      ];
      const want: number[] = [];
      for (const { contextIds, continuationIds } of requests) {
        const each = await logProbabilities(model, [...contextIds, ...continuationIds], continuationIds.length);
        want.push(each.reduce((a, b) => a + b, 0));
      }
      for (const mode of SCORE_MODES) {
        for (const tokenBudget of [1, 16, 1000]) {
          const got = await model.score(requests, { mode, tokenBudget });
          near(got.map((r) => r.logLikelihood), want, `${mode}, ${tokenBudget} tokens a run`, 2e-4);
        }
      }
    }));

  Deno.test(`${name}: int8 and int4 weights run, and decode as they prefill`, async () => {
    for (const precision of ["int8", "int4"] as const) {
      await withModel(familySpec(changes), async (model) => {
        const [one] = await model.generate(someIds, { maxNewTokens: 8, ignoreEos: true, logProbabilities: true });
        // Activations are rounded to 8 bits, so that the last digits depend on what runs together.
        near(one.logProbabilities!, await logProbabilities(model, [...someIds, ...one.ids], 8), precision, 0.1);
      }, { precision });
    }
  });

  Deno.test(`${name}: an int8 key-value cache changes little`, () =>
    withModel(familySpec({ ...changes, contextLength: 2048, kvCache: "int8" }), async (model) => {
      const [one] = await model.generate(someIds, { maxNewTokens: 8, ignoreEos: true, logProbabilities: true });
      // What is cached is read rounded; in one run it is read as it was computed.
      near(one.logProbabilities!, await logProbabilities(model, [...someIds, ...one.ids], 8), "int8 cache", 0.15);
    }));
}
