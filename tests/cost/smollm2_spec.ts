/** The shape of SmolLM2-135M, as its published configuration says. */
import type { ArchSpec } from "../../lib/arch/spec.ts";

export const smollm2: ArchSpec = {
  name: "smollm2-135m",
  family: "llama",
  vocabSize: 49152,
  hiddenSize: 576,
  contextLength: 8192,
  layers: Array.from({ length: 30 }, () => ({
    mixer: { kind: "attention", heads: 9, kvHeads: 3, headDim: 64 },
    channel: { kind: "swiglu", intermediateSize: 1536 },
  })),
  norm: { kind: "rmsnorm", epsilon: 1e-5 },
  position: { kind: "rope", theta: 100_000 },
  tiedHead: true,
};

/** The same with a window of `window` keys in every layer. */
export function windowed(window: number): ArchSpec {
  return { ...smollm2, layers: smollm2.layers.map((l) => ({ ...l, mixer: { ...l.mixer, window } })) };
}
