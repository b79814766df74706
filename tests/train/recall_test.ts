import assert from "node:assert/strict";
import type { ArchSpec, MixerSpec } from "../../lib/arch/spec.ts";
import { trainModel } from "../../lib/train/train_model.ts";

/** A layer that sees two tokens and so gives each its predecessor, then the one that has to remember. */
function recallSpec(mixer: MixerSpec): ArchSpec {
  const pairing: MixerSpec = { kind: "attention", heads: 2, kvHeads: 2, headDim: 16, window: 2 };
  return {
    name: mixer.kind,
    vocabSize: 32,
    hiddenSize: 32,
    contextLength: 32,
    layers: [pairing, mixer].map((mixer) => ({ mixer, channel: { kind: "none" } })),
    norm: { kind: "rmsnorm", epsilon: 1e-5 },
    position: { kind: "rope", theta: 10000 },
    tiedHead: true,
  };
}

Deno.test("attention learns to recall eight pairs, plain linear attention with a state of 4 x 16 does not", async () => {
  const accuracyOf = async (mixer: MixerSpec) => {
    const folder = await Deno.makeTempDir();
    try {
      const trained = await trainModel(recallSpec(mixer), {
        task: { kind: "mqar", vocabSize: 32, tokens: 32, pairs: 8 },
        tokens: 300 * 16 * 32,
        batch: 16,
        learningRate: 0.02,
        folder,
      });
      return trained.test.accuracy;
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  };
  const attention = await accuracyOf({ kind: "attention", heads: 1, kvHeads: 1, headDim: 16 });
  const linear = await accuracyOf({
    ...{ kind: "linear", rule: "linear", heads: 1, keyDim: 4, valueDim: 16 },
    ...{ convolution: 4, outputGate: false },
  });
  assert.ok(attention > 0.95, `attention ${attention}`); // Arora et al. 2023 (arXiv 2312.04927), figure 2
  assert.ok(linear < 0.5, `linear attention ${linear}`);
});
