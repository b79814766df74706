import assert from "node:assert/strict";
import { layerParameters } from "../../../lib/arch/blocks/layer.ts";
import { moe } from "../../../lib/arch/blocks/moe.ts";
import type { ArchSpec, MoeSpec } from "../../../lib/arch/spec.ts";
import { openModel } from "../../../lib/model/open_model.ts";
import { dot, multiply, type Numbers, sigmoid, silu } from "./loops.ts";
import { drawInputs, drawWeights, furthest, mixerSpec, openBlock } from "./run_block.ts";

const D = 12, I = 7;
const base: MoeSpec = { kind: "moe", experts: 6, topK: 2, intermediateSize: I, normalise: true };
const cases: Record<string, MoeSpec> = {
  "whose weights sum to 1": base,
  "whose weights are the softmax of all experts": { ...base, normalise: false },
  "of one expert a token": { ...base, topK: 1, normalise: false },
  "of all experts": { ...base, topK: 6 },
  "with a shared expert": { ...base, shared: { intermediateSize: 5 } },
  "with a gated shared expert": { ...base, normalise: false, shared: { intermediateSize: 5, gated: true } },
  "with a scale": { ...base, normalise: false, routedScale: 2.5 },
  "from the best groups": { ...base, topK: 3, groups: { count: 3, topK: 2 } },
  "from the best groups, with a scale": { ...base, normalise: false, routedScale: 16, groups: { count: 2, topK: 1 } },
};

/** Every token by itself: its experts by sorting, each expert's MLP in a loop. */
function reference(mixture: MoeSpec, w: Record<string, Numbers>, xs: Numbers): Numbers {
  const { experts, topK, intermediateSize, normalise, shared, routedScale = 1, groups } = mixture;
  return xs.map((x) => {
    const logits = multiply(w.router, [x])[0], all = logits.reduce((sum, z) => sum + Math.exp(z), 0);
    let candidates = logits.map((z, expert) => ({ expert, p: Math.exp(z) / all })).sort((a, b) => b.p - a.p);
    if (groups) {
      const groupOf = ({ expert }: { expert: number }) => Math.floor(expert / (experts / groups.count));
      const best = [...new Set(candidates.map(groupOf))].slice(0, groups.topK); // in the order of their best experts
      candidates = candidates.filter((c) => best.includes(groupOf(c)));
    }
    const chosen = candidates.slice(0, topK);
    const sum = normalise ? chosen.reduce((total, { p }) => total + p, 0) : 1;
    const y = new Array(D).fill(0);
    const add = (weight: number, part: number[]) => part.forEach((v, i) => y[i] += weight * v);
    for (const { expert, p } of chosen) {
      const rows = (name: string, size: number) => w[`experts.${name}`].slice(expert * size, (expert + 1) * size);
      const gate = rows("gate", intermediateSize), up = rows("up", intermediateSize);
      add(routedScale * p / sum, mlp(gate, up, rows("down", D), x));
    }
    if (shared) {
      const weight = shared.gated ? sigmoid(dot(w["shared.router"][0], x)) : 1;
      add(weight, mlp(w["shared.gate"], w["shared.up"], w["shared.down"], x));
    }
    return y;
  });
}

function mlp(gate: Numbers, up: Numbers, down: Numbers, x: number[]): number[] {
  const inner = gate.map((row, i) => silu(dot(row, x)) * dot(up[i], x));
  return down.map((row) => dot(row, inner));
}

for (const [what, mixture] of Object.entries(cases)) {
  Deno.test(`a mixture ${what} is its formula, for many tokens and for one`, async () => {
    const spec = mixerSpec({ kind: "convolution", kernel: 1 }, D), block = moe(spec, mixture);
    const weights = drawWeights(block.parameters, 7), { run, close } = await openBlock(spec, block, weights);
    const xs = drawInputs(3, 10, D), want = xs.map((x) => reference(mixture, weights, x));
    assert.ok(furthest((await run(xs)).y, want) < 1e-5);
    for (const t of [0, 4]) {
      assert.ok(furthest((await run([[xs[1][t]]])).y, [[want[1][t]]]) < 1e-5);
    }
    await close();
  });
}

/** Latent attention and experts, in sizes that blocks of 32 divide. */
const small: ArchSpec = {
  ...mixerSpec({ kind: "mla", heads: 2, kvRank: 512, nopeDim: 32, ropeDim: 16, valueDim: 32 }, 64),
  vocabSize: 258,
  position: { kind: "rope", theta: 10000 },
};
const channel: MoeSpec = { ...base, intermediateSize: 32, shared: { intermediateSize: 32, gated: true } };
small.layers = [0, 1].map(() => ({ mixer: small.layers[0].mixer, channel }));

for (const [precision, bytesPerWeight] of [["int8", 1 + 4 / 32], ["int4", 0.5 + 4 / 32]] as const) {
  Deno.test(`latent attention and experts at ${precision}: ${bytesPerWeight} bytes a weight, near fp32, decoding as prefill`, async () => {
    const exact = await openModel({ ref: small, seed: 2 }, { threads: 1 });
    const model = await openModel({ ref: small, seed: 2, precision }, { threads: 1 });
    const parameters = small.layers.flatMap((layer) => layerParameters(small, layer));
    const bytes = parameters.map((p) => p.rows * p.cols * (p.role === "matrix" ? bytesPerWeight : 4));
    assert.equal(
      model.info.weightBytes,
      bytes.reduce((a, b) => a + b) + 258 * 64 * bytesPerWeight + 64 * 4, // embedding and final norm
    );
    const prompt = Array.from({ length: 20 }, (_, i) => (i * 37) % 256);
    const { data: want } = await exact.logits(prompt), { data } = await model.logits(prompt);
    const rms = (values: Float32Array) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
    const error = rms(want.map((v, i) => v - data[i])) / rms(want);
    // 0.03 and 0.4 with attention and an MLP of this size; a token may get other experts too.
    assert.ok(error < (precision === "int8" ? 0.3 : 0.7), `${error}`);
    const [one] = await model.generate(prompt, { maxNewTokens: 8, ignoreEos: true, logProbabilities: true });
    const [{ logLikelihood }] = await model.score([{ contextIds: prompt, continuationIds: one.ids }]);
    assert.ok(Math.abs(one.logProbabilities!.reduce((a, b) => a + b) - logLikelihood) < 0.1);
    await exact.close();
    await model.close();
  });
}
