/**
 * Which mixers learn associative recall, with the same first layer, budget, search and seeds: softmax attention, plain
 * linear attention and the delta rule with states of one size. What others found: attention solves it, fixed states do
 * less well, the delta rule better than plain linear attention (Arora et al. 2023, arXiv 2312.04927; Yang et al. 2024,
 * arXiv 2406.06484).
 */
import { kvCacheBytes } from "../../../lib/cost/bytes.ts";
import type { ArchSpec, MixerSpec } from "../../../lib/arch/spec.ts";
import { trainSiblings } from "../../../lib/train/train_siblings.ts";
import { siblingsTable } from "../../../lib/view/siblings_view.ts";

const linear = { kind: "linear", heads: 1, keyDim: 16, valueDim: 32, outputGate: false } as const;
const MIXERS: Record<string, MixerSpec> = {
  "attention": { kind: "attention", heads: 1, kvHeads: 1, headDim: 32 },
  "linear attention": { ...linear, rule: "linear" },
  "delta rule": { ...linear, rule: "delta" },
};

/** Two layers: a short convolution, which gives each token its predecessor, and one that has to remember. */
function recallSpec(name: string, mixer: MixerSpec): ArchSpec {
  const pairing: MixerSpec = { kind: "convolution", kernel: 3 };
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

/** Prints the table; some minutes on two free cores. */
export async function recallTable(): Promise<void> {
  const specs = Object.fromEntries(Object.entries(MIXERS).map(([name, mixer]) => [name, recallSpec(name, mixer)]));
  const result = await trainSiblings(specs, {
    task: { kind: "mqar", vocabSize: 64, tokens: 64, pairs: 16 },
    tokens: 500 * 32 * 64,
    learningRates: [3e-3, 1e-2],
    searchShare: 1, // shorter tries end before anything is learned
  });
  console.log(siblingsTable(result).toString());
  for (const [name, { spec }] of Object.entries(result.siblings)) {
    console.log(`${name}: ${kvCacheBytes(spec, 64).toLocaleString("en")} bytes of states and caches after 64 tokens`);
  }
}
