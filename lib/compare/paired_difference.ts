/** The difference of two models on the same items. */
import { higherIsBetter } from "../eval/metrics.ts";
import { type EvalItem, type EvalResult, itemCluster, itemKey } from "../eval/types.ts";
import { itemValue } from "../eval/item_value.ts";
import { clusteredMean, stratifiedMean } from "../stats/clustered.ts";
import type { Estimate } from "../stats/estimate.ts";
import type { LevelOptions } from "../stats/mean_interval.ts";
import { pairedProportionInterval } from "../stats/proportion.ts";
import { mean } from "../stats/summary.ts";
import { type Scale, SHARE_DIFFERENCE, usableOn } from "../stats/usable.ts";

/**
 * Besides a task's metrics: ln p of the right choice, which tells models apart long before accuracy does. It is that of the
 * whole choice, not of a token, so it compares models of different tokenizers.
 */
export const GOLD = "gold_log_likelihood";
/** The same as information: -log2 p of the right choice over its UTF-8 bytes, all bits over all bytes; low is better. */
export const GOLD_BITS = "gold_bits_per_byte";

/** What is paired: a result's items, whoever ran it. */
export type PairedItems = Pick<EvalResult, "items">;

/** Items that both have, in the candidate's order: by subject and row. */
export function pairItems(candidate: PairedItems, baseline: PairedItems): (readonly [EvalItem, EvalItem])[] {
  const others = new Map(baseline.items.map((item) => [itemKey(item), item]));
  return candidate.items.flatMap((item) => {
    const other = others.get(itemKey(item));
    return other ? [[item, other] as const] : [];
  });
}

/** A metric's two values for every item that both have and that it is made of. */
export function pairedValues(
  candidate: PairedItems,
  baseline: PairedItems,
  metric: string,
): { item: EvalItem; candidate: number; baseline: number }[] {
  return pairItems(candidate, baseline).flatMap(([item, other]) => {
    const a = value(item, metric), b = value(other, metric);
    return a === null || b === null ? [] : [{ item, candidate: a, baseline: b }];
  });
}

/** Whether every value is a plain no or yes. */
export function areBinary(pairs: readonly { candidate: number; baseline: number }[]): boolean {
  return pairs.every((p) => [p.candidate, p.baseline].every((v) => v === 0 || v === 1));
}

export interface PairedDifference extends Estimate {
  /** Items that both have. */
  items: number;
  /** Sum of the differences of each cluster, for a permutation test. */
  clusterSums: number[];
}

/**
 * Candidate minus baseline, item by item, with an interval that knows how items hang together: fixed strata (an MMLU
 * subject), clusters (HellaSwag's source), else single items. A difference of accuracies is never given a narrower
 * interval than Tango's score interval of paired proportions, which does not collapse where few items changed.
 *
 * Bits per byte are weighed by the bytes, so the mean is the difference of the two totals.
 *
 * @param metric A metric of the task, `GOLD` or `GOLD_BITS`.
 * @returns Null if they share no item that has the metric; bounds are null with a single cluster, and where they would be
 * wider than the metric's own scale (`usableOn`).
 */
export function pairedDifference(
  candidate: PairedItems,
  baseline: PairedItems,
  metric: string,
  options: LevelOptions = {},
): PairedDifference | null {
  const pairs = pairedValues(candidate, baseline, metric);
  if (!pairs.length) return null;
  const items = pairs.map(({ item }) => item);
  const weights = items.map((item) => weight(item, metric)), meanWeight = mean(weights);
  const differences = pairs.map((p, i) => (p.candidate - p.baseline) * weights[i] / meanWeight);
  const clusters = items.map(itemCluster);
  const estimate = interval(differences, items, clusters, options);
  const sums = new Map<string, number>();
  clusters.forEach((c, i) => sums.set(c, (sums.get(c) ?? 0) + differences[i]));
  const plain = { ...estimate, items: pairs.length, clusterSums: [...sums.values()] };
  if (estimate.low === null || estimate.high === null) return plain;
  const scale = scaleOf(metric, pairs, weights);
  if (!areBinary(pairs)) return usableOn(plain, scale);
  const count = (wanted: number) => differences.filter((d) => d === wanted).length;
  const score = pairedProportionInterval(count(1), count(-1), differences.length, options);
  return usableOn(
    { ...plain, low: Math.min(estimate.low, score.low), high: Math.max(estimate.high, score.high) },
    scale,
  );
}

/** Shares lie between 0 and 1. Bits and -ln p begin at 0 and have no end: there the two models' own values are the scale. */
function scaleOf(metric: string, pairs: readonly { candidate: number; baseline: number }[], weights: number[]): Scale {
  if (metric !== GOLD && metric !== GOLD_BITS && higherIsBetter(metric)) return SHARE_DIFFERENCE;
  const size = (of: "candidate" | "baseline") =>
    mean(pairs.map((p, i) => (metric === GOLD ? -1 : 1) * p[of] * weights[i])) / mean(weights);
  return { least: -Infinity, most: Infinity, width: Math.max(size("candidate"), size("baseline"), 0) || Infinity };
}

function interval(differences: number[], items: EvalItem[], clusters: string[], options: LevelOptions): Estimate {
  const point = mean(differences);
  const strata = items.map((item) => item.subject);
  const counts = new Set(strata).size;
  if (strata.every((s) => s !== undefined) && counts > 1 && counts < items.length) {
    return stratifiedMean(differences, strata as string[], options);
  }
  const G = new Set(clusters).size;
  if (G >= 2) return clusteredMean(differences, clusters, options);
  return { point, low: null, high: null, level: options.level ?? 0.95, n: G };
}

function value(item: EvalItem, metric: string): number | null {
  if (metric === GOLD) return item.goldLogLikelihood ?? null;
  if (metric !== GOLD_BITS) return itemValue(item, metric);
  const bytes = item.choiceBytes?.[item.gold ?? -1];
  return bytes && item.goldLogLikelihood !== undefined ? -item.goldLogLikelihood / Math.LN2 / bytes : null;
}

/** Bits per byte count by the bytes, everything else by the item. */
function weight(item: EvalItem, metric: string): number {
  if (metric === "bits_per_byte") return item.bytes!;
  return metric === GOLD_BITS ? item.choiceBytes![item.gold!] : 1;
}
