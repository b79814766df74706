/** What a model keeps of the tokens that it has read, in bytes: what bounds batches and shared prefixes. */
import type { ArchSpec } from "../arch/spec.ts";
import { kvBytesPerToken, recurrentStateBytes } from "../cost/bytes.ts";

export interface CacheSizes {
  /** Keys and values of one token in all layers; 0 where nothing grows. */
  tokenBytes: number;
  /** Recurrent states of one sequence. */
  stateBytes: number;
  /** One token between two layers: what counts as a token where nothing grows. */
  residualBytes: number;
}

export function cacheSizes(spec: ArchSpec): CacheSizes {
  return {
    tokenBytes: kvBytesPerToken(spec),
    stateBytes: recurrentStateBytes(spec),
    residualBytes: 4 * spec.hiddenSize,
  };
}
