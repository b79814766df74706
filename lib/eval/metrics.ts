/** From items to metrics: every number with its interval, by how the items hang together. */
import { clusteredMean } from "../stats/clustered.ts";
import { normalQuantile, tQuantile } from "../stats/distributions.ts";
import type { Estimate } from "../stats/estimate.ts";
import { lmEvalGroupStderr, lmEvalStderr } from "../stats/lm_eval_stderr.ts";
import { wilsonFromStderr, wilsonInterval } from "../stats/proportion.ts";
import type { ScoredTask } from "./task.ts";
import { type EvalItem, itemCluster, type MetricGroup } from "./types.ts";
import { itemValue } from "./item_value.ts";

/** Metrics over all items, and over each subject and group of subjects that occurs. */
export function aggregate(
  task: ScoredTask,
  items: EvalItem[],
  level: number,
): Pick<MetricGroup, "metrics"> & { groups: Record<string, MetricGroup> } {
  const metricsOf = (part: EvalItem[]) =>
    Object.fromEntries(task.metrics.map((m) => [m, metricEstimate(part, m, level)]));
  const parts: [string, EvalItem[]][] = [];
  const subjects = [...Map.groupBy(items.filter((i) => i.subject !== undefined), (i) => i.subject!)];
  if (task.kind === "choice" && task.subjects) {
    for (const [group, members] of Object.entries(task.subjects.groups)) {
      const part = items.filter((i) => i.subject !== undefined && members.includes(i.subject));
      if (part.length) parts.push([group, part]);
    }
    parts.push(...subjects);
  }
  return {
    metrics: metricsOf(items),
    groups: Object.fromEntries(parts.map(([name, part]) => [name, { n: part.length, metrics: metricsOf(part) }])),
  };
}

/** A metric of all items: as its name says, of another program's numbers their mean. */
export function metricEstimate(items: EvalItem[], metric: string, level: number): Estimate {
  if (items.some((item) => item.values?.[metric] !== undefined)) return meanValue(items, metric, level);
  switch (metric) {
    case "bits_per_byte":
      return bitsPerByte(items, level);
    case "byte_perplexity":
      return powerOf2(bitsPerByte(items, level));
    case "word_perplexity":
      return powerOf2(ratioOfSums(items, (item) => item.words!, level));
    case "perplexity":
      return perplexity(items, level);
    default:
      return meanValue(items, metric, level);
  }
}

/** Of shares as an accuracy; of other numbers the mean with a t interval over clusters. */
function meanValue(items: EvalItem[], metric: string, level: number): Estimate {
  const values = items.map((item) => itemValue(item, metric)!), n = values.length;
  if (values.every((value) => value >= 0 && value <= 1)) return accuracy(items, metric, level);
  const clusters = items.map(itemCluster), point = sum(values) / n;
  if (new Set(clusters).size < 2) return { point, low: null, high: null, level, n };
  const { low, high, stderr } = clusteredMean(values, clusters, { level });
  return { point, low, high, level, n, stderr };
}

/** Of all metrics here but bits per byte and perplexities more is better. */
export function higherIsBetter(metric: string): boolean {
  return metric !== "bits_per_byte" && !metric.endsWith("perplexity");
}

/**
 * Share of right items (or mean of shares), with Wilson's interval at the effective sample size: clusters (several items from one source)
 * make it smaller, fixed strata (subjects, whose differences are no chance) larger.
 *
 * `stderr` is lm-eval's in every case: of a mean, over several subjects the pooled one; left out where one item
 * (or one of each subject) shows no spread.
 */
export function accuracy(items: EvalItem[], metric: string, level: number): Estimate {
  const values = items.map((item) => itemValue(item, metric)!);
  const n = values.length;
  const subjects = Map.groupBy(items.keys(), (i) => items[i].subject ?? "");
  if (subjects.size > 1) return stratified(values, [...subjects.values()], level);
  const clusters = items.map(itemCluster);
  const G = new Set(clusters).size;
  const share = sum(values) / n;
  // none or all right: no spread to see, so at least each cluster is a unit
  const estimate = G === n && values.every((value) => value === 0 || value === 1)
    ? wilsonInterval(sum(values), n, { level })
    : wilsonFromStderr(share, clusterStderr(values, clusters, level), share % 1 ? n : G, { level });
  const { point, low, high } = estimate;
  return { point, low, high, level, n, ...(n > 1 ? { stderr: lmEvalStderr(values) } : {}) };
}

/** @param strata Indexes into `values`, a list for each subject. */
function stratified(values: number[], strata: number[][], level: number): Estimate {
  const n = values.length, df = n - strata.length;
  const plain = wilsonInterval(sum(values), n, { level });
  if (df === 0) return plain; // one item each: no spread within subjects to see
  const parts = strata.map((indexes) => indexes.map((i) => values[i]));
  const stderr = lmEvalGroupStderr(
    parts.map((part) => ({ n: part.length, stderr: part.length > 1 ? lmEvalStderr(part) : 0 })),
  );
  if (stderr === 0) return { ...plain, stderr };
  const { point, low, high } = wilsonFromStderr(plain.point, widened(stderr, df, level), Infinity, { level });
  return { point, low, high, level, n, stderr };
}

function clusterStderr(values: number[], clusters: string[], level: number): number {
  const G = new Set(clusters).size;
  if (G < 2) return Infinity; // one source is one observation
  return widened(clusteredMean(values, clusters).stderr, G - 1, level);
}

/** By Student's t over the normal quantile of Wilson's interval: a stderr from little data is itself uncertain. */
function widened(stderr: number, df: number, level: number): number {
  const p = 0.5 + level / 2;
  return stderr * tQuantile(p, df) / normalQuantile(p);
}

/** What guessing would score: each choice of an item is as likely as the others. Text has no such level. */
export function chanceLevel(task: ScoredTask, items: EvalItem[]): Record<string, number> {
  if (task.kind !== "choice") return {};
  const level = sum(items.map((item) => 1 / item.logLikelihoods!.length)) / items.length;
  return Object.fromEntries(task.metrics.map((metric) => [metric, level]));
}

/** All bits over all bytes. */
export function bitsPerByte(items: EvalItem[], level: number): Estimate {
  return ratioOfSums(items, (item) => item.bytes!, level);
}

/**
 * All bits over all units, a ratio of sums: documents count by their length. The interval is the ratio estimator's,
 * from the residuals bits - ratio * units (Cochran 1977, section 6.3), summed by cluster; documents are the clusters
 * where no other is named. With a single cluster there is no interval.
 */
function ratioOfSums(items: EvalItem[], units: (item: EvalItem) => number, level: number): Estimate {
  const total = sum(items.map(units)), n = items.length;
  const point = sum(items.map((i) => i.bits!)) / total;
  const clusters = items.map(itemCluster);
  if (new Set(clusters).size < 2) return { point, low: null, high: null, level, n };
  const linear = items.map((i) => point + (i.bits! - point * units(i)) * n / total); // their mean is the ratio itself
  const { low, high, stderr } = clusteredMean(linear, clusters, { level });
  return { point, low, high, level, n, stderr };
}

/** A perplexity from bits; its stderr by the delta method. */
function powerOf2({ point, low, high, level, n, stderr }: Estimate): Estimate {
  const bounds = { low: low === null ? null : 2 ** low, high: high === null ? null : 2 ** high };
  return {
    point: 2 ** point,
    ...bounds,
    level,
    n,
    ...(stderr === undefined ? {} : { stderr: 2 ** point * Math.LN2 * stderr }),
  };
}

/**
 * exp(-mean ln p) of the right continuations, each as a whole: no tokens are counted, so it compares between tokenizers. The interval is exp of the t interval of the mean, so it is not symmetric
 * and stays above 0; `stderr` is the delta method's, perplexity times the stderr of the mean, which lm-eval estimates by
 * 100,000 bootstrap samples. With a single cluster there is no interval.
 */
export function perplexity(items: EvalItem[], level: number): Estimate {
  const nats = items.map((i) => -i.goldLogLikelihood!), n = items.length;
  const point = Math.exp(sum(nats) / n);
  const clusters = items.map(itemCluster);
  if (new Set(clusters).size < 2) return { point, low: null, high: null, level, n };
  const { low, high, stderr } = clusteredMean(nats, clusters, { level });
  return { point, low: Math.exp(low), high: Math.exp(high), level, n, stderr: point * stderr };
}

function sum(values: number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
