import assert from "node:assert/strict";
import type { ArchSpec, MixerSpec } from "../../lib/arch/spec.ts";
import type { TaskSpec } from "../../lib/train/tasks/task.ts";
import { trainModel } from "../../lib/train/train_model.ts";

/** A convolution, which gives each token its predecessors, then the layer that has to remember. */
function recallSpec(mixer: MixerSpec): ArchSpec {
  const pairing: MixerSpec = { kind: "convolution", kernel: 3 };
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

/** Enough for the loss to fall on every seed that was tried; near the threshold machines would differ. */
const STEPS = 1000;

async function accuracyOf(mixer: MixerSpec, task: TaskSpec): Promise<number> {
  const folder = await Deno.makeTempDir();
  try {
    const options = { task, tokens: STEPS * 16 * 32, batch: 16, learningRate: 0.01, folder };
    return (await trainModel(recallSpec(mixer), options)).test.accuracy;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("attention learns to recall eight pairs, plain linear attention with a state of 4 x 16 does not", async () => {
  const task = { kind: "mqar", vocabSize: 32, tokens: 32, pairs: 8 } as const;
  const attention = await accuracyOf({ kind: "attention", heads: 1, kvHeads: 1, headDim: 16 }, task);
  const linear = await accuracyOf(
    {
      ...{ kind: "linear", rule: "linear", heads: 1, keyDim: 4, valueDim: 16 },
      ...{ convolution: 4, outputGate: false },
    },
    task,
  );
  assert.ok(attention > 0.95, `attention ${attention}`); // Arora et al. 2023 (arXiv 2312.04927), figure 2
  assert.ok(linear < 0.5, `linear attention ${linear}`);
});

// Schlag et al. 2021 (arXiv 2102.11174), section 6.1.2: a sum of both values is as near to the old as to the new one.
Deno.test("the delta rule learns to replace a value that changes, plain linear attention with an equal state does not", async () => {
  const task = { kind: "mqar", vocabSize: 32, tokens: 32, pairs: 4, rewrites: 4 } as const;
  const state = { kind: "linear", heads: 1, keyDim: 16, valueDim: 16, convolution: 4, outputGate: false } as const;
  const delta = await accuracyOf({ ...state, rule: "delta" }, task);
  const linear = await accuracyOf({ ...state, rule: "linear" }, task);
  assert.ok(delta > 0.9, `delta rule ${delta}`);
  assert.ok(linear < 0.8, `linear attention ${linear}`);
});
