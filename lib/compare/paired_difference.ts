/** The difference of two models on the same items. */
import { type EvalItem, type EvalResult, itemValue } from "../eval/types.ts";
import { clusteredMean, stratifiedMean } from "../stats/clustered.ts";
import type { Estimate } from "../stats/estimate.ts";
import type { LevelOptions } from "../stats/mean_interval.ts";
import { pairedProportionInterval } from "../stats/proportion.ts";
import { mean } from "../stats/summary.ts";

/** Besides a task's metrics: ln p of the right choice, which tells models apart long before accuracy does. */
export const GOLD = "gold_log_likelihood";

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
 * @param metric A metric of the task, or `GOLD`.
 * @returns Null if they share no item that has the metric; bounds are null with a single cluster.
 */
export function pairedDifference(
  candidate: EvalResult,
  baseline: EvalResult,
  metric: string,
  options: LevelOptions = {},
): PairedDifference | null {
  const others = new Map(baseline.items.map((item) => [itemKey(item), item]));
  const pairs = candidate.items.flatMap((item) => {
    const other = others.get(itemKey(item));
    return other && value(item, metric) !== null && value(other, metric) !== null ? [[item, other] as const] : [];
  });
  if (!pairs.length) return null;
  const weights = metric === "bits_per_byte" ? pairs.map(([item]) => item.bytes!) : pairs.map(() => 1);
  const meanWeight = mean(weights);
  const differences = pairs.map(([a, b], i) => (value(a, metric)! - value(b, metric)!) * weights[i] / meanWeight);
  const items = pairs.map(([item]) => item);
  const clusters = items.map((item) => item.cluster ?? itemKey(item));
  const estimate = interval(differences, items, clusters, options);
  const sums = new Map<string, number>();
  clusters.forEach((c, i) => sums.set(c, (sums.get(c) ?? 0) + differences[i]));
  const plain = { ...estimate, items: pairs.length, clusterSums: [...sums.values()] };
  const binary = differences.every((d) => d === -1 || d === 0 || d === 1);
  if (!binary || estimate.low === null || estimate.high === null || !metric.startsWith("acc")) return plain;
  const count = (wanted: number) => differences.filter((d) => d === wanted).length;
  const score = pairedProportionInterval(count(1), count(-1), differences.length, options);
  return { ...plain, low: Math.min(estimate.low, score.low), high: Math.max(estimate.high, score.high) };
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

function itemKey(item: EvalItem): string {
  return JSON.stringify([item.subject ?? null, item.row]);
}

function value(item: EvalItem, metric: string): number | null {
  return metric === GOLD ? item.goldLogLikelihood ?? null : itemValue(item, metric);
}
