import assert from "node:assert/strict";
import { convolution } from "../../../lib/arch/blocks/convolution.ts";
import { causalConvolution, multiply, type Numbers } from "./loops.ts";
import { drawInputs, drawWeights, furthest, mixerSpec, openBlock, runStepwise } from "./run_block.ts";

/** o(c * conv(b * x)). */
function reference(w: Record<string, Numbers>, xs: Numbers): Numbers {
  const D = xs[0].length, bcx = multiply(w.in, xs);
  const bx = bcx.map((row) => row.slice(0, D).map((b, i) => b * row[2 * D + i]));
  const convolved = causalConvolution(w.convolution, bx);
  return multiply(w.o, convolved.map((row, t) => row.map((v, i) => v * bcx[t][D + i])));
}

for (const kernel of [1, 3, 4]) {
  Deno.test(`a short convolution of ${kernel} taps is its formula, at once and token by token`, async () => {
    const mixer = { kind: "convolution" as const, kernel }, spec = mixerSpec(mixer, 12);
    const block = convolution(spec, mixer), weights = drawWeights(block.parameters, 3);
    const { run, close } = await openBlock(spec, block, weights);
    const xs = drawInputs(2, 9, 12);
    const whole = await run(xs);
    assert.ok(furthest(whole.y, xs.map((x) => reference(weights, x))) < 1e-5);
    const { y, states } = await runStepwise(run, xs, 2);
    assert.ok(furthest(y, whole.y) < 1e-5);
    assert.deepEqual(states["past.convolution"].dims, [2, kernel - 1, 12]);
    await close();
  });
}
