/** Seeded random weights, for architectures that have none: right sizes and safe magnitudes, no meaning. */
import { layerMatrixShape, type WeightSource } from "./weight_source.ts";
import type { ArchSpec } from "./spec.ts";
import { seededRandom } from "../stats/random.ts";
import type { Matrix } from "./quant_blocks.ts";

/**
 * Normal weights with standard deviation 1/sqrt(columns), norms of 1. Every matrix has a generator of its own, made
 * from the seed and the matrix's place, so an edit that drops a layer leaves the others as they were.
 */
export function randomWeights(spec: ArchSpec, seed: number): WeightSource {
  const matrix = (place: number, rows: number, cols: number): Promise<Matrix> => {
    const values = new Float32Array(rows * cols);
    const random = seededRandom(mix(seed, place)), std = 1 / Math.sqrt(cols);
    for (let i = 0; i < values.length; i++) values[i] = std * random.normal();
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

/** A 32-bit hash of two integers (murmur3's finaliser). */
function mix(a: number, b: number): number {
  let h = Math.imul(a ^ Math.imul(b + 1, 0x9e3779b1), 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ h >>> 16;
}
