/**
 * `deno task bench:recall`: which mixers learn associative recall, with the same first layer, budget, search and seeds:
 * softmax attention, and linear attention by four rules with states of one size. What others found: attention solves it,
 * states of a fixed size do less well (Arora et al. 2023, arXiv 2312.04927), and where a key's value changes the delta
 * rule replaces it while plain linear attention adds both (Schlag et al. 2021, arXiv 2102.11174, section 6.1.2).
 */
import { kvCacheBytes } from "../../lib/cost/bytes.ts";
import type { ArchSpec, MixerSpec } from "../../lib/arch/spec.ts";
import { trainSiblings } from "../../lib/train/train_siblings.ts";
import { siblingsTable } from "../../lib/view/siblings_table.ts";

const linear = { kind: "linear", heads: 1, keyDim: 16, valueDim: 32, convolution: 4, outputGate: false } as const;
const MIXERS: Record<string, MixerSpec> = {
  "attention": { kind: "attention", heads: 1, kvHeads: 1, headDim: 32 },
  "linear attention": { ...linear, rule: "linear" },
  "gated (mamba)": { ...linear, rule: "gated", decay: "mamba" },
  "delta rule": { ...linear, rule: "delta" },
  "gated delta rule": { ...linear, rule: "gated_delta", decay: "mamba" },
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

const specs = Object.fromEntries(Object.entries(MIXERS).map(([name, mixer]) => [name, recallSpec(name, mixer)]));
const sizes = { kind: "mqar", vocabSize: 64, tokens: 64 } as const;
for (const task of [{ ...sizes, pairs: 16 }, { ...sizes, pairs: 8, rewrites: 8 }]) {
  const result = await trainSiblings(specs, {
    task,
    tokens: 800 * 32 * 64,
    learningRates: [3e-3, 5e-3],
    searchShare: 1, // shorter tries end before anything is learned
  });
  console.log(siblingsTable(result).toString());
}
for (const [name, spec] of Object.entries(specs)) {
  console.log(`${name}: ${kvCacheBytes(spec, 64).toLocaleString("en")} bytes of states and caches after 64 tokens`);
}
