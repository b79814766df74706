import assert from "node:assert/strict";
import { hasBatchGraph } from "../../lib/arch/batch_graph.ts";
import type { AttentionSpec } from "../../lib/arch/spec.ts";
import { randomWeights } from "../../lib/arch/random_weights.ts";
import { runChunk, startState } from "../../lib/model/decode.ts";
import { openModel } from "../../lib/model/open_model.ts";
import { prefill } from "../../lib/model/prefill.ts";
import { referenceLogits } from "./reference_decoder.ts";
import { someIds, tinySpec } from "./tiny_spec.ts";
import { graphsOf } from "./own_graphs.ts";

const graph = "batch";

Deno.test("the batch graph's tokens and log-probabilities equal the formulas written out", async () => {
  for (const spec of [tinySpec(), tinySpec({ tiedHead: false })]) {
    const want = await referenceLogits(spec, randomWeights(spec, 3), someIds);
    const model = await openModel({ ref: spec, seed: 3 }, { threads: 1, graphs: [] });
    try {
      let state = startState(graphsOf(model), [someIds.slice(0, 4)], graph);
      for (let t = 4; t <= someIds.length; t++) {
        const { tokens, logprobs, next } = await runChunk(graphsOf(model), state, { turns: 1, logprobs: true, graph });
        const row = want[t - 1], largest = Math.max(...row);
        assert.equal(tokens[0][0], row.indexOf(largest), `token after ${t}`);
        const z = Math.log(row.reduce((sum, v) => sum + Math.exp(v - largest), 0));
        assert.ok(Math.abs(logprobs![0] + z) < 1e-4, `log-probability after ${t}`);
        state = { ...next, ids: [[someIds[t]]] };
      }
    } finally {
      await model.close();
    }
  }
});

Deno.test("rows of different lengths, prompts in pieces and any chunk size give the ids of the generate graph", async () => {
  const spec = tinySpec({ contextLength: 1400 });
  const model = await openModel({ ref: spec, seed: 6 }, { threads: 1 });
  try {
    // The longest prompt is put into caches in three pieces, the others side by side.
    const prompts = [1200, 3, 90, 170, 1].map((n, i) => Array.from({ length: n }, (_, t) => (t * 37 + i * 5) % 256));
    const rows = await prefill(graphsOf(model), prompts, graph);
    assert.deepEqual(rows.map((r) => r.length), prompts.map((p) => p.length));
    for (const [i, prompt] of prompts.entries()) {
      const want = await runChunk(graphsOf(model), startState(graphsOf(model), [[...prompt, 9]]), { turns: 40 });
      const { caches, row, length } = (await prefill(graphsOf(model), [prompt], graph))[0];
      assert.deepEqual([row, length], [0, prompt.length]);
      let state = { ids: [[9]], lengths: [length], caches };
      const ids: number[] = [];
      while (ids.length < 40) {
        const { tokens, next } = await runChunk(graphsOf(model), state, {
          turns: Math.min(16, 40 - ids.length),
          graph,
        });
        ids.push(...tokens.flat());
        state = next;
      }
      assert.deepEqual(ids, want.tokens.flat(), `prompt ${i}`);
    }
  } finally {
    await model.close();
  }
});

Deno.test("soft-capped scores, a scale of their own and norms of queries and keys: the ids of the generate graph", async () => {
  const [{ mixer, channel }] = tinySpec().layers;
  const layer = (more: Partial<AttentionSpec>) => ({ mixer: { ...(mixer as AttentionSpec), ...more }, channel });
  const spec = tinySpec({ layers: [layer({ softcap: 2 }), layer({ scale: 0.5 }), layer({ qkNorm: "head" })] });
  const model = await openModel({ ref: spec, seed: 4 }, { threads: 1 });
  try {
    const ask = async (which: "generate" | "batch") => {
      const first = await runChunk(graphsOf(model), startState(graphsOf(model), [someIds], which), {
        turns: 1,
        graph: which,
      });
      const { tokens, logprobs } = await runChunk(graphsOf(model), first.next, {
        turns: 24,
        graph: which,
        logprobs: true,
      });
      return { ids: tokens.flat(), logprobs: [...logprobs!] };
    };
    const want = await ask("generate"), got = await ask("batch");
    assert.deepEqual(got.ids, want.ids);
    got.logprobs.forEach((value, i) => assert.ok(Math.abs(value - want.logprobs[i]) < 1e-4, `token ${i}`));
  } finally {
    await model.close();
  }
});

Deno.test("windows, int8 caches and recurrent states are left to the generate graph", () => {
  assert.ok(hasBatchGraph(tinySpec()));
  assert.ok(!hasBatchGraph(tinySpec({}, 8)));
  assert.ok(!hasBatchGraph(tinySpec({ kvCache: "int8" })));
  const [{ mixer }] = tinySpec().layers, shifted = { mixer, channel: { kind: "rwkv", intermediateSize: 96 } } as const;
  assert.ok(!hasBatchGraph(tinySpec({ layers: [shifted] })));
});
