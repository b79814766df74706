/** Bytes that a forward pass must move: weights once, and what it reads and writes of caches and states. */
import type { Precision } from "../arch/model_ref.ts";
import type { ArchSpec } from "../arch/spec.ts";
import { kvCacheBytes, recurrentStateBytes, weightBytes } from "./bytes.ts";

/**
 * Weights that a pass over so many tokens reads, in bytes. Of a mixture's experts those that at least one token is sent
 * to: with even routing experts * (1 - (1 - topK / experts) ** tokens).
 */
export function weightBytesRead(spec: ArchSpec, precision: Precision, tokens: number): number {
  return weightBytes(withExperts(spec, (experts, topK) => experts * (1 - (1 - topK / experts) ** tokens)), precision);
}

/** Weights that are kept, in bytes: all experts, and the embedding beside an untied head. */
export function storedWeightBytes(spec: ArchSpec, precision: Precision): number {
  const all = weightBytes(withExperts(spec, (experts) => experts), precision);
  const positions = spec.position.kind === "learned" ? 4 * spec.contextLength * spec.hiddenSize : 0;
  return all + positions + (spec.tiedHead ? 0 : tableBytes(spec, precision));
}

/** The table [vocabSize][hiddenSize] at a precision: what a vocabulary of twice the size would add. */
export function tableBytes(spec: ArchSpec, precision: Precision): number {
  const bare = { ...spec, headBias: false };
  return weightBytes({ ...bare, vocabSize: 2 * spec.vocabSize }, precision) - weightBytes(bare, precision);
}

export interface CacheOptions {
  batch?: number;
  /** Of keys and values. Default: as the spec keeps them, 4 for fp32 and 1 for int8. */
  bytesPerElement?: number;
}

/** Caches that one decode step behind `context` tokens reads and writes: keys and values once, recurrent states twice. */
export function decodeCacheBytes(spec: ArchSpec, context: number, options: CacheOptions = {}): number {
  return kvCacheBytes(spec, context + 1, options) + (options.batch ?? 1) * recurrentStateBytes(spec);
}

function withExperts(spec: ArchSpec, read: (experts: number, topK: number) => number): ArchSpec {
  const layers = spec.layers.map((layer) => {
    const { channel } = layer;
    return channel.kind === "moe"
      ? { ...layer, channel: { ...channel, topK: read(channel.experts, channel.topK) } }
      : layer;
  });
  return { ...spec, layers };
}
