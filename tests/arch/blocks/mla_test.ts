import assert from "node:assert/strict";
import { mla } from "../../../lib/arch/blocks/mla.ts";
import type { MlaSpec } from "../../../lib/arch/spec.ts";
import { dot, multiply, type Numbers, part, rmsNorm } from "./loops.ts";
import { drawInputs, drawWeights, furthest, mixerSpec, openBlock, runStepwise } from "./run_block.ts";

const D = 20, THETA = 100;
const base: MlaSpec = {
  kind: "mla",
  heads: 3,
  kvRank: 10,
  nopeDim: 6,
  ropeDim: 4,
  valueDim: 5,
  position: { kind: "rope", theta: THETA },
};
const cases: Record<string, MlaSpec> = {
  "with plain queries": base,
  "with compressed queries": { ...base, queryRank: 7 },
  "of large heads": { ...base, heads: 2, kvRank: 512, nopeDim: 32 },
  "of one head, with a scale of its own": { ...base, heads: 1, scale: 0.7 },
};

/** Equations 9 to 19 of arXiv 2405.04434: keys and values of every head made from the latents. */
function reference(mixer: MlaSpec, w: Record<string, Numbers>, xs: Numbers): Numbers {
  const { heads, kvRank, nopeDim, ropeDim, valueDim, scale = (nopeDim + ropeDim) ** -0.5 } = mixer;
  const q = w.q
    ? multiply(w.q, xs)
    : multiply(w.qUp, multiply(w.qDown, xs).map((x) => rmsNorm(x, w.qDownNorm[0], 1e-5)));
  const down = multiply(w.kvDown, xs);
  const up = multiply(w.kvUp, down.map((x) => rmsNorm(x.slice(0, kvRank), w.kvNorm[0], 1e-5)));
  const attended = xs.map((_, t) =>
    Array.from({ length: heads }, (_, h) => {
      const query = part(q[t], h, nopeDim + ropeDim), turned = rotate(query.slice(nopeDim), t);
      const made = up.slice(0, t + 1).map((row) => part(row, h, nopeDim + valueDim));
      const weights = made.map((kv, s) =>
        Math.exp(
          scale * (dot(query.slice(0, nopeDim), kv.slice(0, nopeDim)) + dot(turned, rotate(down[s].slice(kvRank), s))),
        )
      );
      const sum = weights.reduce((a, b) => a + b);
      return Array.from({ length: valueDim }, (_, i) => dot(weights, made.map((kv) => kv[nopeDim + i])) / sum);
    }).flat()
  );
  return multiply(w.o, attended);
}

/** Rotary positions, halves together. */
function rotate(x: number[], t: number): number[] {
  const half = x.length / 2;
  return x.map((v, i) => {
    const angle = t * THETA ** (-(i % half) / half);
    return v * Math.cos(angle) + (i < half ? -x[i + half] : x[i - half]) * Math.sin(angle);
  });
}

for (const [what, mixer] of Object.entries(cases)) {
  Deno.test(`latent attention ${what} is its formula, at once, token by token, in ragged batches and in trees`, async () => {
    const spec = mixerSpec(mixer, D), block = mla(spec, mixer), weights = drawWeights(block.parameters, 4);
    const { run, close } = await openBlock(spec, block, weights);
    const near = (got: Numbers, xs: Numbers) => assert.ok(furthest([got], [reference(mixer, weights, xs)]) < 1e-5);
    const xs = drawInputs(2, 12, D);
    const whole = await run(xs);
    xs.forEach((x, b) => near(whole.y[b], x));
    const stepped = await runStepwise(run, xs, 3);
    xs.forEach((x, b) => near(stepped.y[b], x));
    assert.deepEqual(stepped.states["past.latent"].dims, [2, 1, 12, mixer.kvRank + 4]);

    // The second row has 4 tokens and is padded on the right to 9; both go on for 3 tokens.
    let { y, states } = await run([xs[0].slice(0, 9), [...xs[1].slice(0, 4), ...drawInputs(1, 5, D, 8)[0]]]);
    y = [y[0], y[1].slice(0, 4)];
    for (let t = 0; t < 3; t++) {
      const step = await run([[xs[0][9 + t]], [xs[1][4 + t]]], [9 + t, 4 + t], states);
      y = y.map((rows, b) => [...rows, ...step.y[b]]);
      states = step.states;
    }
    near(y[0], xs[0]);
    near(y[1], xs[1].slice(0, 7));

    // Two branches of 3 and 2 tokens behind a prefix of 5, in one run.
    const prefix = xs[0].slice(0, 5), branches = [xs[0].slice(5, 8), xs[1].slice(5, 7)];
    const before = await run([prefix]);
    const tree = await run([branches.flat()], 5, before.states, {
      positions: [5, 6, 7, 5, 6],
      sees: (token, slot) => slot < 5 || slot <= 5 + token && (token < 3) === (slot < 8),
    });
    near([...before.y[0], ...tree.y[0].slice(0, 3)], [...prefix, ...branches[0]]);
    near([...before.y[0], ...tree.y[0].slice(3)], [...prefix, ...branches[1]]);
    await close();
  });
}
