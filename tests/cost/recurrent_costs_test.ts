/** What recurrent mixers cost: against torch's count of transformers' models, and against our own graphs. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { layerParameters } from "../../lib/arch/blocks/layer.ts";
import { buildInMemory } from "../../lib/arch/build.ts";
import { readFolder } from "../../lib/arch/hf/folder.ts";
import { randomWeights } from "../../lib/arch/random_weights.ts";
import type { ArchSpec } from "../../lib/arch/spec.ts";
import { peakActivationBytes } from "../../lib/cost/activations.ts";
import { specFlops, specLayerFlops } from "../../lib/cost/flops.ts";
import { graphPassCost } from "../../lib/cost/graph_generation.ts";
import { mixingFlops } from "../../lib/cost/mixing.ts";
import { recurrentSpecs } from "../model/recurrent_specs.ts";

interface Golden {
  ids: number[][];
  torch_flops: { totals: number[]; by_op: Record<string, number> };
}

for (const name of ["mamba2", "qwen3_next", "qwen3_next_dense", "lfm2"]) {
  Deno.test(`${name}: products with weights are those that torch counts of transformers' model`, async () => {
    const folder = join(import.meta.dirname!, "..", "golden", "families", name);
    const { ids: [{ length: tokens }], torch_flops: { by_op } }: Golden = JSON.parse(
      readFileSync(join(folder, "golden.json"), "utf8"),
    );
    const { spec } = await readFolder(folder, name);
    const sum = (of: (layer: ArchSpec["layers"][number]) => number) => spec.layers.reduce((n, l) => n + of(l), 0);
    const kernels = (layer: ArchSpec["layers"][number]) =>
      layerParameters(spec, layer).filter(({ role }) => role === "convolution");
    // Not comparable: transformers runs recurrences in padded chunks, as products of another kind and number.
    const recurrences = sum(({ mixer }) => mixingFlops(mixer, tokens, 0, "dense"));
    const convolutions = sum((layer) => kernels(layer).reduce((n, { rows, cols }) => n + 2 * rows * cols, 0));
    const { total } = specFlops(spec, { promptTokens: tokens, logits: "all", convention: "dense" });
    assert.equal(total - recurrences - tokens * convolutions, by_op["aten.mm"]);
    // torch's convolution is padded on both sides.
    const padded = sum((layer) => kernels(layer).reduce((n, { rows, cols }) => n + 2 * rows * cols * (cols - 1), 0));
    assert.equal(tokens * convolutions + padded, by_op["aten.convolution"]);
  });
}

Deno.test("rwkv6: FLOPs are those that torch counts of its authors' package", async () => {
  const folder = join(import.meta.dirname!, "..", "golden", "families", "rwkv6");
  const { ids, torch_flops: { totals } }: Golden = JSON.parse(readFileSync(join(folder, "golden.json"), "utf8"));
  const { spec } = await readFolder(folder, "rwkv6");
  ids.forEach(({ length: promptTokens }, i) => {
    assert.equal(specFlops(spec, { promptTokens, logits: "all", convention: "dense" }).total, totals[i]);
  });
});

for (const [name, spec] of Object.entries(recurrentSpecs)) {
  if (spec.layers.some(({ channel }) => channel.kind === "moe")) continue; // in mixtures_test.ts
  Deno.test(`${name}: FLOPs of each layer, in all conventions, are those of the graph`, async () => {
    const built = await buildInMemory(spec, spec, "fp32", randomWeights(spec, 0));
    for (const [tokens, past] of [[37, 0], [1, 50]]) {
      const { layers } = await graphPassCost(built.graph("generate"), { tokens, past });
      for (const convention of ["dense", "causal", "executed"] as const) {
        const want = specLayerFlops(spec, { tokens, past, convention });
        // The sum before a norm is counted with it, and nothing is added before the first.
        if (convention === "executed") want[0] -= tokens * spec.hiddenSize;
        assert.deepEqual(layers.map((l) => l.flops[convention]), want, `${convention}, ${tokens} behind ${past}`);
      }
    }
  });

  Deno.test(`${name}: the peak of activations is that of the graph`, async () => {
    const layers = spec.layers.map(({ mixer }) => ({ mixer, channel: { kind: "none" as const } }));
    const bare: ArchSpec = { ...spec, vocabSize: 16, layers, contextLength: 1024 };
    const built = await buildInMemory(bare, bare, "fp32", randomWeights(bare, 0));
    for (const [tokens, past] of [[37, 0], [1, 300], [400, 0]]) {
      const { peakActivations } = await graphPassCost(built.graph("generate"), { tokens, past });
      const ratio = peakActivations.bytes / peakActivationBytes(bare, { tokens, past });
      assert.ok(Math.abs(ratio - 1) < 0.02, `${ratio} times the closed form, ${tokens} behind ${past}`);
    }
  });
}
