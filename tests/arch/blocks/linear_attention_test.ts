import assert from "node:assert/strict";
import { linearAttention } from "../../../lib/arch/blocks/linear_attention.ts";
import type { LinearAttentionSpec } from "../../../lib/arch/spec.ts";
import { causalConvolution, dot, multiply, type Numbers, part, rmsNorm, sigmoid, silu, softplus } from "./loops.ts";
import { drawInputs, drawWeights, furthest, mixerSpec, openBlock, runStepwise } from "./run_block.ts";

/** The recurrence of arXiv 2412.06464, equation 10, whose decay and delta are there as the rule has them. */
function reference(mixer: LinearAttentionSpec, w: Record<string, Numbers>, xs: Numbers): Numbers {
  const { rule, heads, keyHeads = heads, keyDim, valueDim, outputGate = true, position } = mixer;
  const keys = keyHeads * keyDim, isDelta = rule.endsWith("delta"), { normalise = isDelta } = mixer;
  let qkv = multiply([...w.q, ...w.k, ...w.v], xs);
  if (w.convolution) qkv = causalConvolution(w.convolution, qkv).map((row) => row.map(silu));
  const decay = xs.map((x) => decays(mixer, w, x)); // [tokens][heads][keyDim]
  const state = Array.from({ length: heads }, () => Array.from({ length: keyDim }, () => new Array(valueDim).fill(0)));
  const gate = outputGate ? multiply(w.outputGate, xs) : null;
  const mixed = qkv.map((row, t) => {
    const prepared = (from: number, keyHead: number) => {
      let x = part(row.slice(from, from + keys), keyHead, keyDim);
      if (normalise) x = x.map((v) => v / Math.sqrt(dot(x, x) + 1e-6));
      return position?.kind === "rope" ? rotate(x, t, position.theta, position.dims ?? keyDim) : x;
    };
    return state.flatMap((S, h) => {
      const keyHead = Math.floor(h / (heads / keyHeads));
      const q = prepared(0, keyHead), k = prepared(keys, keyHead), v = part(row.slice(2 * keys), h, valueDim);
      S.forEach((line, i) => line.forEach((_, j) => line[j] *= decay[t][h][i]));
      const beta = isDelta ? sigmoid(dot(w.beta[h], xs[t])) : 1;
      const known = v.map((_, j) => isDelta ? dot(k, S.map((line) => line[j])) : 0);
      S.forEach((line, i) => line.forEach((_, j) => line[j] += k[i] * beta * (v[j] - known[j])));
      const read = v.map((_, j) => dot(q, S.map((line) => line[j])) / Math.sqrt(keyDim));
      const normed = rmsNorm(read, w.norm[0], 1e-5);
      return gate ? normed.map((n, j) => n * silu(gate[t][h * valueDim + j])) : normed;
    });
  });
  return multiply(w.o, mixed);
}

/** What each head's state is multiplied by at a token, [heads][keyDim]. */
function decays(mixer: LinearAttentionSpec, w: Record<string, Numbers>, x: number[]): Numbers {
  const { heads, keyHeads = heads, keyDim, decay } = mixer;
  const down = decay === "channel" ? multiply(w.decayDown, [x])[0] : [];
  return Array.from({ length: heads }, (_, h) =>
    Array.from({ length: keyDim }, (_, i) => {
      switch (decay) {
        case "mamba":
          return Math.exp(-Math.exp(w.aLog[0][h]) * softplus(dot(w.decay[h], x) + w.dtBias[0][h]));
        case "retnet":
          return 1 - 2 ** (-5 - h);
        case "channel": {
          const c = Math.floor(h / (heads / keyHeads)) * keyDim + i;
          return sigmoid(dot(w.decayUp[c], down) + w.decayBias[0][c]) ** (1 / 16);
        }
        default:
          return 1;
      }
    }));
}

/** Rotary positions of the first `dims` dimensions, halves together. */
function rotate(x: number[], t: number, theta: number, dims: number): number[] {
  const half = dims / 2;
  return x.map((v, i) => {
    if (i >= dims) return v;
    const angle = t * theta ** (-(i % half) / half), other = i < half ? -x[i + half] : x[i - half];
    return v * Math.cos(angle) + other * Math.sin(angle);
  });
}

const rope = { kind: "rope" as const, theta: 100 };
const cases: Record<string, Omit<LinearAttentionSpec, "kind" | "heads" | "keyDim" | "valueDim">> = {
  "the linear rule": { rule: "linear" },
  "the linear rule with a convolution and normalised keys": { rule: "linear", convolution: 4, normalise: true },
  "the gated rule with a decay from the input": { rule: "gated", decay: "mamba" },
  "RetNet's decay with rotary positions": { rule: "gated", decay: "retnet", position: rope },
  "RetNet's decay with some dimensions rotated": { rule: "gated", decay: "retnet", position: { ...rope, dims: 4 } },
  "a decay of each channel": { rule: "gated", decay: "channel" },
  "a decay of each channel and shared keys": { rule: "gated", decay: "channel", keyHeads: 2, convolution: 3 },
  "the delta rule": { rule: "delta", convolution: 4 },
  "the delta rule without an output gate": { rule: "delta", outputGate: false },
  "the gated delta rule": { rule: "gated_delta", decay: "mamba", convolution: 4 },
  "the gated delta rule with shared keys": { rule: "gated_delta", decay: "mamba", convolution: 4, keyHeads: 2 },
  "the gated delta rule with RetNet's decay": { rule: "gated_delta", decay: "retnet", keyHeads: 1, position: rope },
  "the gated delta rule with a decay of each channel": { rule: "gated_delta", decay: "channel", keyHeads: 2 },
};
for (const [what, choices] of Object.entries(cases)) {
  Deno.test(`${what}: linear attention is its recurrence, at once and token by token`, async () => {
    const mixer: LinearAttentionSpec = { kind: "linear", heads: 4, keyDim: 6, valueDim: 5, ...choices };
    const spec = mixerSpec(mixer, 16), block = linearAttention(spec, mixer);
    const weights = drawWeights(block.parameters, 7);
    const { run, close } = await openBlock(spec, block, weights);
    const xs = drawInputs(2, 11, 16);
    const whole = await run(xs);
    const difference = furthest(whole.y, xs.map((x) => reference(mixer, weights, x)));
    assert.ok(difference < 2e-5, `${difference}`);
    const { y, states } = await runStepwise(run, xs, 6);
    assert.ok(furthest(y, whole.y) < 1e-5);
    assert.deepEqual(states["past.state"].dims, [2, 4, 6, 5]);
    await close();
  });
}
