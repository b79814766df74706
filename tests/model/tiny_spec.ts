/** A small architecture for tests: everything that the real one has (GQA, several layers), in milliseconds. */
import type { ArchSpec } from "../../lib/arch/spec.ts";

export function tinySpec(changes: Partial<ArchSpec> = {}, window?: number): ArchSpec {
  const layer = {
    mixer: { kind: "attention" as const, heads: 4, kvHeads: 2, headDim: 16, ...(window ? { window } : {}) },
    channel: { kind: "swiglu" as const, intermediateSize: 96 },
  };
  return {
    name: "tiny",
    family: "llama",
    vocabSize: 258,
    hiddenSize: 64,
    contextLength: 64,
    layers: [layer, layer, layer],
    norm: { kind: "rmsnorm", epsilon: 1e-5 },
    position: { kind: "rope", theta: 10000 },
    tiedHead: true,
    ...changes,
  };
}

/** Some token ids, the same every time. */
export const someIds = Array.from({ length: 23 }, (_, i) => (i * 97 + 13) % 256);
