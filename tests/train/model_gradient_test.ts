import assert from "node:assert/strict";
import type { ChannelSpec, LayerSpec, MixerSpec } from "../../lib/arch/spec.ts";
import { emitForward } from "../../lib/train/forward.ts";
import { crossEntropy } from "../../lib/train/loss.ts";
import { Ops, type Tensor } from "../../lib/train/ops.ts";
import { planParameters } from "../../lib/train/parameters.ts";
import { gradients } from "../../lib/train/tape.ts";
import { splitParameters } from "../../lib/train/train_graph.ts";
import { GraphBuilder } from "../../lib/onnx/graph_builder.ts";
import { directionalError } from "./directional.ts";
import {
  alibi,
  channelGated,
  channelGatedDelta,
  compressed,
  delta,
  full,
  gated,
  gatedDelta,
  groupedMamba2,
  groupedMixture,
  latent,
  mamba2,
  mixture,
  plain,
  shortConvolution,
  tinySpec,
  windowed,
} from "./specs.ts";

const MIXERS: Record<string, MixerSpec> = {
  ...{ full, windowed, alibi, latent, compressed, plain, delta, gated, gatedDelta, channelGated, channelGatedDelta },
  ...{ mamba2, groupedMamba2, shortConvolution },
};
const CHANNELS: Record<string, ChannelSpec> = {
  "exact GELU": { kind: "gelu_erf", intermediateSize: 48 },
  mixture,
  "shared expert": { ...groupedMixture, shared: { intermediateSize: 20, gated: true } },
};
const LAYERS: Record<string, [MixerSpec, Partial<LayerSpec>]> = {
  ...Object.fromEntries(Object.entries(MIXERS).map(([name, mixer]) => [name, [mixer, {}]])),
  ...Object.fromEntries(Object.entries(CHANNELS).map(([name, channel]) => [name, [full, { channel }]])),
};

for (const [name, [mixer, layer]] of Object.entries(LAYERS)) {
  Deno.test(`the gradient of a whole model agrees with finite differences: ${name}`, async () => {
    const spec = tinySpec([mixer], { vocabSize: 40 }, layer), plan = planParameters(spec);
    const shape = { batch: 2, tokens: 37 }; // several chunks, tokens missing in the last
    const ids = Array.from({ length: 74 }, (_, i) => (i * i * 7 + 3) % 40);
    const { gradient, difference } = await directionalError({
      shapes: [[plan.count]],
      apply(ops: Ops, vector: Tensor) {
        const named = splitParameters(ops, plan, ops.mul(vector, ops.scalar(0.2)));
        const logits = emitForward(ops, spec, shape, (p) => named.get(p)!, ops.int64(ids), ops.int64([5, 36, 40, 70]));
        return crossEntropy(ops, logits, ops.int64([1, 2, 3, 1]));
      },
    }, 1);
    assert.ok(
      Math.abs(gradient - difference) < 0.02 * Math.max(0.1, Math.abs(difference)),
      `${gradient}, ${difference}`,
    );
  });
}

Deno.test("an operator without a rule is named, with the part of the architecture that it stands in", () => {
  const g = new GraphBuilder("g"), ops = new Ops(g, g);
  const x = { name: g.input("x", "float32", [3]), dims: [3] };
  ops.block = "layers[1].mixer (mine)";
  const [y] = ops.emit("Cos", [x], [[3]]);
  assert.throws(
    () => gradients(ops, y, [x]),
    (error: Error) => /layers\[1\]\.mixer \(mine\).*Cos has no gradient rule; there are: Add/.test(error.message),
  );
});
