/** Achieved work over the machine's peak, between 0 and 1. The peaks are measured elsewhere and come in as arguments. */
import { requirePositive } from "./check.ts";

/**
 * Model FLOPs utilisation (PaLM, arXiv 2204.02311, appendix B): causal model FLOPs with the last logit, over the
 * FLOPs that the machine could have done in that time. With executed FLOPs it is HFU.
 */
export function mfu(work: { flops: number; seconds: number; peakFlopsPerS: number }): number {
  requirePositive("MFU", work);
  return work.flops / work.seconds / work.peakFlopsPerS;
}

/**
 * Memory bandwidth utilisation: the fewest bytes that a decode step must read (weights once, and the KV cache), over
 * the bytes that memory could have given within the time of one output token.
 */
export function mbu(work: { weightBytes: number; kvBytes: number; tpotMs: number; peakBytesPerS: number }): number {
  const { weightBytes, kvBytes, tpotMs, peakBytesPerS } = work;
  requirePositive("MBU", { weightBytes, tpotMs, peakBytesPerS });
  if (!(kvBytes >= 0)) throw new RangeError(`Cannot estimate MBU: kvBytes must be at least 0, got ${kvBytes}`);
  return (weightBytes + kvBytes) / (tpotMs / 1000) / peakBytesPerS;
}

/** The least time of work on a machine: max(FLOPs / peak, bytes / bandwidth), in ms (Williams et al. 2009, roofline). */
export function rooflineMs(
  work: { flops: number; bytes: number; peakFlopsPerS: number; peakBytesPerS: number },
): number {
  requirePositive("a roofline", work);
  return 1000 * Math.max(work.flops / work.peakFlopsPerS, work.bytes / work.peakBytesPerS);
}
