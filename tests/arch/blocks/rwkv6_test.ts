import assert from "node:assert/strict";
import { rwkv6 } from "../../../lib/arch/blocks/rwkv6.ts";
import { rwkvChannel } from "../../../lib/arch/blocks/rwkv_channel.ts";
import type { Rwkv6Spec } from "../../../lib/arch/spec.ts";
import { dot, multiply, type Numbers, part, sigmoid, silu } from "./loops.ts";
import { drawInputs, drawWeights, furthest, mixerSpec, openBlock, runStepwise } from "./run_block.ts";

/** x with a share of the token before, of which there is none at the start. */
function mixed(xs: Numbers, share: (token: number) => number[]): Numbers {
  return xs.map((x, t) => {
    const shares = share(t);
    return x.map((v, c) => v + ((xs[t - 1]?.[c] ?? 0) - v) * shares[c]);
  });
}

/** Section 4.2 of arXiv 2404.05892 as a recurrence, a token and a head after the other. */
function timeMix({ heads, headDim }: Rwkv6Spec, w: Record<string, Numbers>, xs: Numbers): Numbers {
  const D = heads * headDim, rank = w.mixUp[0].length;
  const inner = multiply(w.mixDown, mixed(xs, () => w.shiftMix[0])).map((row) => row.map(Math.tanh));
  const [forDecay, forK, forV, forR, forGate] = [0, 1, 2, 3, 4].map((i) =>
    mixed(xs, (t) => w.mix[i].map((base, c) => base + dot(w.mixUp[i * D + c], part(inner[t], i, rank))))
  );
  const rates = multiply(w.decayUp, multiply(w.decayDown, forDecay).map((row) => row.map(Math.tanh)));
  const decays = rates.map((row) => row.map((rate, c) => Math.exp(-Math.exp(w.decayBias[0][c] + rate))));
  const [k, v, r, gate] = [[w.k, forK], [w.v, forV], [w.r, forR], [w.outputGate, forGate]].map(([m, x]) =>
    multiply(m, x)
  );
  const states = Array.from({ length: heads }, () => zeros(headDim, headDim));
  const read = xs.map((_, t) =>
    states.flatMap((state, h) => {
      const [key, value, query, decay] = [k, v, r, decays].map((all) => part(all[t], h, headDim));
      const y = value.map((vj, j) =>
        query.reduce((sum, q, i) => sum + q * (state[i][j] + w.bonus[h][i] * key[i] * vj), 0)
      );
      state.forEach((row, i) => row.forEach((s, j) => row[j] = decay[i] * s + key[i] * value[j]));
      return layerNorm(y).map((n, j) => n * w.norm[0][h * headDim + j] + w.normBias[0][h * headDim + j]);
    })
  );
  return multiply(w.o, read.map((y, t) => y.map((n, c) => n * silu(gate[t][c]))));
}

/** Without weights; 64e-5 as `RWKV-LM/RWKV-v5/src/model.py` has it for `ln_x`. */
function layerNorm(x: number[]): number[] {
  const mean = x.reduce((a, b) => a + b) / x.length,
    variance = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length;
  return x.map((v) => (v - mean) / Math.sqrt(variance + 64e-5));
}

const zeros = (rows: number, cols: number): Numbers => Array.from({ length: rows }, () => new Array(cols).fill(0));

const cases: Record<string, Rwkv6Spec> = {
  "of four heads": { kind: "rwkv6", heads: 4, headDim: 4, mixRank: 3, decayRank: 5 },
  "of one head": { kind: "rwkv6", heads: 1, headDim: 16, mixRank: 2, decayRank: 2 },
  "with the ranks that are published": { kind: "rwkv6", heads: 2, headDim: 8 },
};
for (const [what, mixer] of Object.entries(cases)) {
  Deno.test(`RWKV-6's time mix ${what} is its recurrence, at once and token by token`, async () => {
    const spec = mixerSpec(mixer, 16), block = rwkv6(spec, mixer), weights = drawWeights(block.parameters, 5);
    const { run, close } = await openBlock(spec, block, weights);
    const xs = drawInputs(2, 11, 16);
    const whole = await run(xs);
    assert.ok(furthest(whole.y, xs.map((x) => timeMix(mixer, weights, x))) < 2e-5);
    const { y, states } = await runStepwise(run, xs, 6);
    assert.ok(furthest(y, whole.y) < 1e-5);
    const { heads, headDim } = mixer;
    assert.deepEqual(states["past.state"].dims, [2, heads, headDim, headDim]);
    assert.deepEqual([states["past.shift"].dims, states["past.pending"].dims], [[2, 1, 16], [2, 1, 48]]);
    await close();
  });
}

Deno.test("RWKV's channel mix is sigmoid(r) * W relu(k)^2 of shifted inputs, at once and token by token", async () => {
  const spec = mixerSpec(cases["of four heads"], 16), block = rwkvChannel(spec, { kind: "rwkv", intermediateSize: 24 });
  const w = drawWeights(block.parameters, 7), { run, close } = await openBlock(spec, block, w);
  const xs = drawInputs(2, 9, 16);
  const want = xs.map((x) => {
    const inner = multiply(w.up, mixed(x, () => w.upMix[0])).map((row) => row.map((k) => Math.max(0, k) ** 2));
    const receptance = multiply(w.receptance, mixed(x, () => w.receptanceMix[0]));
    return multiply(w.down, inner).map((row, t) => row.map((v, c) => v * sigmoid(receptance[t][c])));
  });
  const whole = await run(xs);
  assert.ok(furthest(whole.y, want) < 2e-5);
  const { y, states } = await runStepwise(run, xs, 4);
  assert.ok(furthest(y, whole.y) < 1e-5);
  assert.deepEqual(Object.values(states).map(({ dims }) => dims), [[2, 1, 16]]);
  await close();
});
