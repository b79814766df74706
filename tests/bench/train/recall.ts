/**
 * A known result: softmax attention learns associative recall, plain linear attention with a state smaller than what is
 * to be remembered does not, and the delta rule does better with the same state (Arora et al. 2023, arXiv 2312.04927;
 * Yang et al. 2024, arXiv 2406.06484).
 */
import { recurrentStateBytes } from "../../../lib/cost/bytes.ts";
import type { ArchSpec, MixerSpec } from "../../../lib/arch/spec.ts";
import { type SiblingsOptions, trainSiblings } from "../../../lib/train/train_siblings.ts";
import { siblingsTable } from "../../../lib/view/siblings_view.ts";

const linear = { kind: "linear", heads: 1, keyDim: 16, valueDim: 32, outputGate: false } as const;
const MIXERS: Record<string, MixerSpec> = {
  "attention": { kind: "attention", heads: 1, kvHeads: 1, headDim: 32 },
  "linear attention": { ...linear, rule: "linear" },
  "delta rule": { ...linear, rule: "delta" },
};

/** Two layers: one over two tokens, which gives each its predecessor, and one that has to remember. */
export function recallSpec(name: string, mixer: MixerSpec): ArchSpec {
  const pairing: MixerSpec = { kind: "attention", heads: 2, kvHeads: 2, headDim: 16, window: 2 };
  return {
    name,
    vocabSize: 64,
    hiddenSize: 64,
    contextLength: 64,
    layers: [pairing, mixer].map((mixer) => ({ mixer, channel: { kind: "none" } })),
    norm: { kind: "rmsnorm", epsilon: 1e-5 },
    position: { kind: "rope", theta: 10000 },
    tiedHead: true,
  };
}

export async function recallTable(options: Partial<SiblingsOptions> = {}): Promise<void> {
  const specs = Object.fromEntries(Object.entries(MIXERS).map(([name, mixer]) => [name, recallSpec(name, mixer)]));
  const result = await trainSiblings(specs, {
    task: { kind: "mqar", vocabSize: 64, tokens: 64, pairs: 16 },
    tokens: 500 * 32 * 64,
    learningRates: [3e-3, 1e-2],
    ...options,
  });
  console.log(siblingsTable(result).toString());
  for (const [name, { spec }] of Object.entries(result.siblings)) {
    const state = recurrentStateBytes(spec);
    console.log(`${name}: ${state ? `a state of ${state} bytes` : "256 bytes of cache a token, 16,384 at 64 tokens"}`);
  }
}
