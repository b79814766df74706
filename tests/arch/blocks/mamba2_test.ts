import assert from "node:assert/strict";
import { mamba2 } from "../../../lib/arch/blocks/mamba2.ts";
import type { Mamba2Spec } from "../../../lib/arch/spec.ts";
import { causalConvolution, dot, multiply, type Numbers, part, rmsNorm, silu, softplus } from "./loops.ts";
import { drawInputs, drawWeights, furthest, mixerSpec, openBlock, runStepwise } from "./run_block.ts";

/** Section 2 of arXiv 2405.21060 as a recurrence: h = exp(dt A) h + dt B x, y = C h + skip x. */
function reference(mixer: Mamba2Spec, w: Record<string, Numbers>, xs: Numbers): Numbers {
  const { heads, headDim, stateDim, groups = 1, timeStepLimit: [low, high] = [0, Infinity] } = mixer;
  const inner = heads * headDim, shared = groups * stateDim;
  const z = multiply(w.z, xs), raw = multiply(w.dt, xs);
  const xbc = causalConvolution(w.convolution, multiply(w.xbc, xs), w.convolutionBias[0]).map((row) => row.map(silu));
  const state = Array.from({ length: heads }, () => zeros(headDim, stateDim));
  const mixed = xs.map((_, t) => {
    const x = xbc[t].slice(0, inner), b = xbc[t].slice(inner, inner + shared), c = xbc[t].slice(inner + shared);
    return state.flatMap((h, head) => {
      const dt = Math.min(high, Math.max(low, softplus(raw[t][head] + w.dtBias[0][head])));
      const decay = Math.exp(-dt * Math.exp(w.aLog[0][head])), group = Math.floor(head / (heads / groups));
      return h.map((row, p) => {
        const value = x[head * headDim + p];
        row.forEach((v, n) => row[n] = decay * v + dt * part(b, group, stateDim)[n] * value);
        return dot(row, part(c, group, stateDim)) + w.skip[0][head] * value;
      });
    });
  });
  const size = inner / groups;
  return multiply(
    w.o,
    mixed.map((y, t) => {
      const gated = y.map((v, i) => v * silu(z[t][i]));
      return Array.from({ length: groups }, (_, g) => rmsNorm(part(gated, g, size), part(w.norm[0], g, size), 1e-5))
        .flat();
    }),
  );
}

const zeros = (rows: number, cols: number): Numbers => Array.from({ length: rows }, () => new Array(cols).fill(0));

const cases: Record<string, Partial<Mamba2Spec>> = {
  "of one group": {},
  "of two groups of heads": { groups: 2 },
  "of as many groups as heads": { groups: 4 },
  "with limits of the time step": { timeStepLimit: [0.4, 0.9] },
  "with a kernel of two taps": { convolution: 2 },
};
for (const [what, changes] of Object.entries(cases)) {
  Deno.test(`Mamba-2 ${what} is its recurrence, at once and token by token`, async () => {
    const mixer: Mamba2Spec = { kind: "mamba2", heads: 4, headDim: 6, stateDim: 5, ...changes };
    const spec = mixerSpec(mixer, 16), block = mamba2(spec, mixer), weights = drawWeights(block.parameters, 5);
    const { run, close } = await openBlock(spec, block, weights);
    const xs = drawInputs(2, 11, 16);
    const whole = await run(xs);
    assert.ok(furthest(whole.y, xs.map((x) => reference(mixer, weights, x))) < 2e-5);
    const { y, states } = await runStepwise(run, xs, 6);
    assert.ok(furthest(y, whole.y) < 1e-5);
    assert.deepEqual(states["past.state"].dims, [2, 4, 5, 6]);
    await close();
  });
}
