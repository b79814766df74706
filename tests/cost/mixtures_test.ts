/** What latent attention and experts cost: against torch's count of the published form, and against our own graphs. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildInMemory } from "../../lib/arch/build.ts";
import { randomWeights } from "../../lib/arch/random_weights.ts";
import type { ArchSpec, LayerSpec } from "../../lib/arch/spec.ts";
import { peakActivationBytes } from "../../lib/cost/activations.ts";
import { estimateFlops, estimateLayerFlops, specFlops } from "../../lib/cost/flops.ts";
import { graphPassCost } from "../../lib/cost/graph_generation.ts";

interface Golden {
  ids: number[][];
  /** By torch's FlopCounterMode, of each prompt, and of the first one's modules. */
  torch_flops: { totals: number[]; by_module: Record<string, number> };
}

const families = join(import.meta.dirname!, "..", "golden", "families");
for (const name of ["mixtral", "olmoe", "qwen2_moe", "qwen3_moe", "deepseek_v2", "deepseek_v2_lite"]) {
  Deno.test(`${name}: FLOPs are those that torch counts of transformers' model`, async () => {
    const folder = join(families, name);
    const { ids, torch_flops }: Golden = JSON.parse(readFileSync(join(folder, "golden.json"), "utf8"));
    for (const [i, prompt] of ids.entries()) {
      const options = { promptTokens: prompt.length, logits: "all", convention: "dense" } as const;
      assert.equal((await estimateFlops(folder, options)).total, torch_flops.totals[i]);
    }
    const layers = await estimateLayerFlops(folder, { tokens: ids[0].length, convention: "dense" });
    layers.forEach((flops, i) => assert.equal(flops, torch_flops.by_module[`model.layers.${i}`], `layer ${i}`));
  });
}

const latent: LayerSpec["mixer"] = { kind: "mla", heads: 4, kvRank: 64, nopeDim: 32, ropeDim: 16, valueDim: 24 };
const attention: LayerSpec["mixer"] = { kind: "attention", heads: 1, kvHeads: 1, headDim: 32 };
const mlp: LayerSpec["channel"] = { kind: "swiglu", intermediateSize: 96 };
const experts: LayerSpec["channel"] = {
  ...{ kind: "moe", experts: 6, topK: 3, intermediateSize: 64, normalise: true },
  shared: { intermediateSize: 32, gated: true },
};
const graphs: Record<string, LayerSpec> = {
  "latent attention": { mixer: latent, channel: mlp },
  "latent attention with compressed queries": { mixer: { ...latent, queryRank: 48 }, channel: mlp },
  "experts": { mixer: attention, channel: experts },
  "latent attention and experts": { mixer: latent, channel: experts },
};
for (const [what, layer] of Object.entries(graphs)) {
  Deno.test(`${what}: executed FLOPs and the peak of activations are those of the graph`, async () => {
    const spec: ArchSpec = {
      name: what,
      vocabSize: 100,
      hiddenSize: 64,
      contextLength: 1024,
      layers: [layer, layer, layer],
      norm: { kind: "rmsnorm", epsilon: 1e-5 },
      position: { kind: "rope", theta: 10000 },
      tiedHead: true,
    };
    const built = await buildInMemory(spec, spec, "fp32", randomWeights(spec, 0));
    for (const [tokens, past] of [[37, 0], [1, 300], [400, 0]]) {
      const { flops, peakActivations } = await graphPassCost(built.graph("generate"), { tokens, past });
      const run = { promptTokens: past || tokens, newTokens: past ? 2 : 1, convention: "executed" } as const;
      const { prefill, decode } = specFlops(spec, run);
      near(flops.executed, past ? decode : prefill, 0.003, "executed FLOPs");
      near(peakActivations.bytes, peakActivationBytes(spec, { tokens, past }), 0.1, "bytes of activations");
    }
  });
}

function near(got: number, want: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(got / want - 1) < tolerance, `${what}: ${got}, in closed form ${want}`);
}
