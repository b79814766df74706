/** From an interval to a word: a difference is claimed only beyond a band, sameness only inside it. */
import { BAND } from "../check/common.ts";
import { aNumber, data } from "../check/data.ts";
import { object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions, noOptions } from "../check/options.ts";
import { flag, nullable } from "../check/rules.ts";
import type { Estimate } from "./estimate.ts";

export type SpeedVerdict = "faster" | "slower" | "same" | "unclear";
export type QualityVerdict = "better" | "worse" | "same" | "unclear";

/** A wide interval to claim a difference (95 %) and a narrower one to claim sameness (90 %: two one-sided tests of 5 %). */
export interface VerdictIntervals {
  wide: Pick<Estimate, "low" | "high">;
  narrow: Pick<Estimate, "low" | "high">;
}

/** Speeds within 1 % count as the same. */
export const SPEED_BAND = 0.01;
/** Scores within 2 points count as the same. */
export const QUALITY_BAND = 0.02;

const BOUNDS = data<Pick<Estimate, "low" | "high">>("an interval { low, high }", {
  low: nullable(aNumber),
  high: nullable(aNumber),
});
const INTERVALS = data<VerdictIntervals>("two intervals { wide, narrow }", { wide: BOUNDS, narrow: BOUNDS });

function judge({ wide, narrow }: VerdictIntervals, low: number, high: number): "above" | "below" | "same" | "unclear" {
  if (wide.low !== null && wide.low > high) return "above";
  if (wide.high !== null && wide.high < low) return "below";
  const inside = narrow.low !== null && narrow.high !== null && narrow.low >= low && narrow.high <= high;
  return inside ? "same" : "unclear";
}

/**
 * The verdict on a speed-up (above 1 is faster). The band reaches from 1 / (1 + band) to 1 + band, so that exchanging
 * the two models exchanges the words.
 *
 * @param intervals Of the ratio, both corrected for the number of comparisons.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { speedVerdict } from "./verdict.ts";
 *
 * assert.equal(speedVerdict({ wide: { low: 1.02, high: 1.2 }, narrow: { low: 1.03, high: 1.19 } }), "faster");
 * assert.equal(speedVerdict({ wide: { low: 0.98, high: 1.02 }, narrow: { low: 0.985, high: 1.015 } }), "unclear");
 * ```
 */
export function speedVerdict(intervals: VerdictIntervals, band = SPEED_BAND): SpeedVerdict {
  noOptions("speedVerdict", arguments, 2);
  checkArgument("Cannot give a verdict", "band", band, BAND);
  checkArgument("Cannot give a verdict", "intervals", intervals, INTERVALS);
  return ({ above: "faster", below: "slower", same: "same", unclear: "unclear" } as const)[
    judge(intervals, 1 / (1 + band), 1 + band)
  ];
}

export const VERDICT_OPTIONS = object<{ band?: number; higherIsBetter?: boolean }>({
  band: optional(BAND),
  higherIsBetter: optional(flag),
});

/**
 * The verdict on a difference of scores, candidate minus baseline, paired on the same items.
 *
 * @param options.band Default 0.02 (2 points).
 * @param options.higherIsBetter False for perplexity or bits per byte. Default true.
 */
export function qualityVerdict(
  intervals: VerdictIntervals,
  options: { band?: number; higherIsBetter?: boolean } = {},
): QualityVerdict {
  checkArgument("Cannot give a verdict", "intervals", intervals, INTERVALS);
  checkOptions("Cannot give a verdict", options, VERDICT_OPTIONS);
  const { band = QUALITY_BAND, higherIsBetter = true } = options;
  const side = judge(intervals, -band, band);
  if (side === "same" || side === "unclear") return side;
  return (side === "above") === higherIsBetter ? "better" : "worse";
}
