/** The heads of an architecture in one line, for people: those of its first layer that has keys and values. */
import type { ArchSpec } from "./spec.ts";

/** Heads, key-value heads and their size; 0 where no layer has heads. */
export function headsOf(spec: ArchSpec): { heads: number; kvHeads: number; headDim: number } {
  const mixers = spec.layers.map((l) => l.mixer);
  const mixer = mixers.find((m) => m.kind === "attention" || m.kind === "mla") ?? mixers[0];
  switch (mixer.kind) {
    case "attention":
      return { heads: mixer.heads, kvHeads: mixer.kvHeads, headDim: mixer.headDim };
    case "mla":
      return { heads: mixer.heads, kvHeads: mixer.heads, headDim: mixer.nopeDim + mixer.ropeDim };
    case "linear":
      return { heads: mixer.heads, kvHeads: mixer.keyHeads ?? mixer.heads, headDim: mixer.valueDim };
    case "mamba2":
      return { heads: mixer.heads, kvHeads: mixer.groups ?? 1, headDim: mixer.headDim };
    case "rwkv6":
      return { heads: mixer.heads, kvHeads: mixer.heads, headDim: mixer.headDim };
    case "convolution":
      return { heads: 0, kvHeads: 0, headDim: 0 };
  }
}
