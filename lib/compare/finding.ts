/** What a comparison finds of one model in one metric. */
import type { Estimate } from "../stats/estimate.ts";
import type { SummaryRow } from "./rows.ts";

/** One summary row with what it rests on. */
export interface Finding {
  row: SummaryRow;
  kind: "speed" | "quality";
  /** Whether it belongs to the declared family: decode speed, throughput of a batch, each task's first metric. */
  primary: boolean;
  /** How many intervals hold together with this one (Bonferroni). */
  comparisons: number;
  /** Simultaneous 95 % interval, which must lie beyond the band for a difference; null with too little data (lib/stats/usable.ts). */
  wide: Estimate | null;
  /** Simultaneous 90 % interval, which must lie inside the band for sameness. */
  narrow: Estimate | null;
  /** Sign-flip test over blocks (speed) or clusters of items (quality), uncorrected: a cross-check that assumes no distribution. */
  signFlipP: number | null;
  /** Speed, unclear only: rounds in all after which the interval would be half the band wide on each side. */
  roundsNeeded: number | null;
}
