/** Parameters and bytes: what must be kept, and what a decode step must read at least. */
import type { ArchSpec, Precision } from "../arch/spec.ts";
import { requireCount } from "./check.ts";

/** Parameters, a tied head counted once. */
export function parameterCount(spec: ArchSpec): number {
  const matrices = matrixParameters(spec) + (spec.tiedHead ? 0 : spec.vocabSize * spec.hiddenSize);
  return matrices + normParameters(spec);
}

/** Layers and head (or the embedding that is the head): everything that a decode step multiplies by. */
function matrixParameters(spec: ArchSpec): number {
  const D = spec.hiddenSize;
  const layers = spec.layers.map(({ mixer: { heads, kvHeads, headDim }, channel }) =>
    D * headDim * (2 * heads + 2 * kvHeads) + 3 * D * channel.intermediateSize
  );
  return layers.reduce((a, b) => a + b, 0) + spec.vocabSize * D;
}

function normParameters(spec: ArchSpec): number {
  return (2 * spec.layers.length + 1) * spec.hiddenSize;
}

/** Bytes of one weight of a matrix; blocks of 32 carry one fp32 scale. */
const BYTES_PER_WEIGHT: Partial<Record<Precision, number>> = {
  fp32: 4,
  fp16: 2,
  bf16: 2,
  int8: 1 + 4 / 32,
  int4: 0.5 + 4 / 32,
};

/**
 * The fewest bytes of weights that a decode step can read: all matrices and norms once, of the embedding no more than
 * the head's table. With an untied head the embedding itself is left out: a step reads one row of it.
 *
 * @throws {RangeError} For "stored": its bytes are the file's own (`ModelInfo.weightBytes`).
 */
export function weightBytes(spec: ArchSpec, precision: Precision): number {
  const each = BYTES_PER_WEIGHT[precision];
  if (each === undefined) {
    const known = Object.keys(BYTES_PER_WEIGHT).join(", ");
    throw new RangeError(
      `Cannot estimate the weight bytes of precision "${precision}": known are ${known}; an opened model tells its own`,
    );
  }
  return matrixParameters(spec) * each + normParameters(spec) * (precision === "fp16" || precision === "bf16" ? 2 : 4);
}

export interface KvCacheOptions {
  /** Sequences. Default 1. */
  batch?: number;
  /** Default: as the spec keeps them, 4 for fp32 and 1 for int8; 2 for fp16. */
  bytesPerElement?: number;
}

/** Bytes of keys and values that one more token adds, before any window is full: 2 * sum of kvHeads * headDim. */
export function kvBytesPerToken(spec: ArchSpec, bytesPerElement = kvElementBytes(spec)): number {
  return spec.layers.reduce((sum, { mixer }) => sum + 2 * mixer.kvHeads * mixer.headDim, 0) * bytesPerElement;
}

/**
 * Bytes of keys and values after `tokens` tokens, layer by layer: a layer with a window needs no more than that.
 * A runtime may keep more (onnxruntime keeps all tokens).
 */
export function kvCacheBytes(spec: ArchSpec, tokens: number, options: KvCacheOptions = {}): number {
  const { batch = 1, bytesPerElement = kvElementBytes(spec) } = options;
  requireCount("the KV cache", { tokens }, 0);
  requireCount("the KV cache", { batch, bytesPerElement }, 1);
  const elements = spec.layers.map(({ mixer: { kvHeads, headDim, window } }) =>
    2 * kvHeads * headDim * Math.min(tokens, window ?? Infinity)
  );
  return batch * bytesPerElement * elements.reduce((a, b) => a + b, 0);
}

function kvElementBytes(spec: ArchSpec): number {
  return spec.kvCache === "int8" ? 1 : 4;
}
