/** Achieved work over the machine's peak, between 0 and 1. The peaks are measured elsewhere and come in as arguments. */
import { object } from "../check/objects.ts";
import { checkOptions } from "../check/options.ts";
import { quantity } from "../check/rules.ts";

const POSITIVE = quantity({ above: 0 });
type FlopsWork = Parameters<typeof mfu>[0];
type BytesWork = Parameters<typeof mbu>[0];
type Work = Parameters<typeof rooflineMs>[0];
export const MFU_WORK = object<FlopsWork>({ flops: POSITIVE, seconds: POSITIVE, peakFlopsPerS: POSITIVE });
export const MBU_WORK = object<BytesWork>({
  weightBytes: POSITIVE,
  kvBytes: quantity({ min: 0 }),
  tpotMs: POSITIVE,
  peakBytesPerS: POSITIVE,
});
export const ROOFLINE_WORK = object<Work>({
  flops: POSITIVE,
  bytes: POSITIVE,
  peakFlopsPerS: POSITIVE,
  peakBytesPerS: POSITIVE,
});

/**
 * Model FLOPs utilisation (PaLM, arXiv 2204.02311, appendix B): causal model FLOPs with the last logit, over the
 * FLOPs that the machine could have done in that time. With executed FLOPs it is HFU.
 */
export function mfu(work: { flops: number; seconds: number; peakFlopsPerS: number }): number {
  checkOptions("Cannot estimate MFU", work, MFU_WORK, { whole: "the work", part: "field" });
  return work.flops / work.seconds / work.peakFlopsPerS;
}

/**
 * Memory bandwidth utilisation: the fewest bytes that a decode step must read (weights once, and the KV cache), over
 * the bytes that memory could have given within the time of one output token.
 */
export function mbu(work: { weightBytes: number; kvBytes: number; tpotMs: number; peakBytesPerS: number }): number {
  checkOptions("Cannot estimate MBU", work, MBU_WORK, { whole: "the work", part: "field" });
  const { weightBytes, kvBytes, tpotMs, peakBytesPerS } = work;
  return (weightBytes + kvBytes) / (tpotMs / 1000) / peakBytesPerS;
}

/** The least time of work on a machine: max(FLOPs / peak, bytes / bandwidth), in ms (Williams et al. 2009, roofline). */
export function rooflineMs(
  work: { flops: number; bytes: number; peakFlopsPerS: number; peakBytesPerS: number },
): number {
  checkOptions("Cannot estimate a roofline", work, ROOFLINE_WORK, { whole: "the work", part: "field" });
  return 1000 * Math.max(work.flops / work.peakFlopsPerS, work.bytes / work.peakBytesPerS);
}
