/** Places in a text, in bins: which tokens a bin holds, and how their bits go to it. */
import type { ScoreRequest, ScoreResult } from "../../model/log_likelihood.ts";
import type { TokenEnds } from "../../model/token_ends.ts";

/** What a place is counted in: tokens for models that read a text as the same ones, else bytes, which are all the same. */
export type PlaceUnit = "tokens" | "bytes";

/** Where the first bin ends; each that follows ends at twice the place. */
const FIRST_END = { tokens: 128, bytes: 512 };

/**
 * Where bins begin, and the end of the last one.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { binEdges } from "./places.ts";
 *
 * assert.deepEqual(binEdges("tokens", 1000), [0, 128, 256, 512, 1000]);
 * ```
 */
export function binEdges(unit: PlaceUnit, length: number): number[] {
  const edges = [0];
  for (let end = FIRST_END[unit]; end < length; end *= 2) edges.push(end);
  return [...edges, length];
}

/** Tokens one after the other that are scored as one, and the bins that share their bits. */
export interface Segment {
  /** First token, and the one after the last. */
  from: number;
  to: number;
  shares: { bin: number; share: number }[];
}

/** Each bin's tokens. */
export function tokenSegments(edges: readonly number[]): Segment[] {
  return edges.slice(1).map((to, bin) => ({ from: edges[bin], to, shares: [{ bin, share: 1 }] }));
}

/**
 * The tokens inside each bin of bytes, and apart from them those that lie over a bin's end: their bits are spread evenly
 * over their bytes, so that every bin is the information in the same bytes, whatever the tokens.
 *
 * @param ends Bytes at which tokens end. Tokens that end at the same byte are one: together they stand for a character.
 */
export function byteSegments(ends: readonly number[], edges: readonly number[]): Segment[] {
  const segments: Segment[] = [], length = edges.at(-1)!;
  let from = 0, start = 0;
  ends.forEach((end, i) => {
    const isLast = i === ends.length - 1;
    if (!isLast && (end === 0 || ends[i + 1] === end)) return;
    const reach = isLast ? length : end; // what a tokenizer drops at the end is predicted with its last token
    const shares = sharesOf(start, reach, edges), before = segments.at(-1);
    const isWithin = shares.length === 1 && before?.shares.length === 1 && before.shares[0].bin === shares[0].bin;
    if (isWithin) before.to = i + 1;
    else segments.push({ from, to: i + 1, shares });
    [from, start] = [i + 1, reach];
  });
  return segments;
}

function sharesOf(start: number, end: number, edges: readonly number[]): Segment["shares"] {
  return edges.slice(1).flatMap((binEnd, bin) => {
    const bytes = Math.min(end, binEnd) - Math.max(start, edges[bin]);
    return bytes > 0 ? [{ bin, share: bytes / (end - start) }] : [];
  });
}

/**
 * A request for each segment. Each is the start of the next one, so that scoring runs the text once, in pieces behind the
 * cache, and never holds logits of more than a piece.
 *
 * @param prefix What stands before every text: BOS, else EOS.
 */
export function segmentRequests(ids: readonly number[], segments: readonly Segment[], prefix: number): ScoreRequest[] {
  return segments.map(({ from, to }) => ({
    contextIds: [prefix, ...ids.slice(0, from)],
    continuationIds: ids.slice(from, to),
  }));
}

/** The bits in each bin, from the scores of the segments. */
export function bitsOf(segments: readonly Segment[], scores: readonly ScoreResult[], bins: number): number[] {
  const bits = new Array<number>(bins).fill(0);
  segments.forEach(({ shares }, i) => {
    for (const { bin, share } of shares) bits[bin] -= share * scores[i].logLikelihood / Math.LN2;
  });
  return bits;
}

/** Bytes of each bin of tokens. */
export function bytesOfTokens(ends: readonly number[], edges: readonly number[]): number[] {
  const at = (tokens: number) => tokens === 0 ? 0 : ends[tokens - 1];
  return edges.slice(1).map((end, bin) => at(end) - at(edges[bin]));
}

/** Tokens that have ended by the end of each bin. */
export function tokensByBin({ ends }: TokenEnds, unit: PlaceUnit, edges: readonly number[]): number[] {
  return edges.slice(1).map((edge) => unit === "tokens" ? edge : ends.filter((end) => end <= edge).length);
}
