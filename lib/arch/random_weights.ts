/** Seeded random weights, for architectures that have none: right sizes and safe magnitudes, no meaning. */
import { layerMatrixShape, type WeightSource } from "./weight_source.ts";
import type { ArchSpec } from "./spec.ts";
import type { Matrix } from "./quant_blocks.ts";

/**
 * Normal weights with standard deviation 1/sqrt(columns), norms of 1. Every matrix has a generator of its own, made
 * from the seed and the matrix's place, so an edit that drops a layer leaves the others as they were.
 */
export function randomWeights(spec: ArchSpec, seed: number): WeightSource {
  const matrix = (place: number, rows: number, cols: number): Promise<Matrix> => {
    const values = new Float32Array(rows * cols);
    fillNormal(values, 1 / Math.sqrt(cols), mix(seed, place));
    return Promise.resolve({ rows, cols, values });
  };
  const ones = (n: number): Promise<Matrix> =>
    Promise.resolve({ rows: 1, cols: n, values: new Float32Array(n).fill(1) });
  const order = ["q", "k", "v", "o", "gate", "up", "down"] as const;
  return {
    label: `random, seed ${seed}`,
    storedAs: null,
    embedding: () => matrix(0, spec.vocabSize, spec.hiddenSize),
    head: () => matrix(1, spec.vocabSize, spec.hiddenSize),
    finalNorm: () => ones(spec.hiddenSize),
    layer(index, name) {
      const layer = spec.layers.find((l, i) => (l.weightsLayer ?? i) === index)!;
      if (name === "attentionNorm" || name === "mlpNorm") return ones(spec.hiddenSize);
      return matrix(16 * (index + 1) + order.indexOf(name), ...layerMatrixShape(spec, layer, name));
    },
  };
}

/** Box-Muller over mulberry32: 32 bits of state are enough for numbers that need no statistics. */
function fillNormal(out: Float32Array, std: number, seed: number): void {
  let state = seed;
  const uniform = () => {
    state = state + 0x6d2b79f5 | 0;
    let t = Math.imul(state ^ state >>> 15, 1 | state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < out.length; i += 2) {
    const radius = std * Math.sqrt(-2 * Math.log(1 - uniform())), angle = 2 * Math.PI * uniform();
    out[i] = radius * Math.cos(angle);
    if (i + 1 < out.length) out[i + 1] = radius * Math.sin(angle);
  }
}

/** A 32-bit hash of two integers (murmur3's finaliser). */
function mix(a: number, b: number): number {
  let h = Math.imul(a ^ Math.imul(b + 1, 0x9e3779b1), 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ h >>> 16;
}
