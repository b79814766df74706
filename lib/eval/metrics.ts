/** From items to metrics: every number with its interval, by how the items hang together. */
import { clusteredMean, stratifiedMean } from "../stats/clustered.ts";
import { normalQuantile, tQuantile } from "../stats/distributions.ts";
import type { Estimate } from "../stats/estimate.ts";
import { lmEvalGroupStderr, lmEvalStderr } from "../stats/lm_eval_stderr.ts";
import { wilsonFromStderr, wilsonInterval } from "../stats/proportion.ts";
import type { Task } from "./task.ts";
import { type EvalItem, itemValue, type MetricGroup } from "./types.ts";

/** Metrics over all items, and over each subject and group of subjects that occurs. */
export function aggregate(task: Task, items: EvalItem[], level: number): Pick<MetricGroup, "metrics"> & { groups: Record<string, MetricGroup> } {
  const metricsOf = (part: EvalItem[]) =>
    Object.fromEntries(task.metrics.map((m) => [m, m === "bits_per_byte" ? bitsPerByte(part, level) : accuracy(part, m, level)]));
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

/**
 * Share of right items, with Wilson's interval. Where items hang together its sample size is the effective one:
 * clusters (several items from one source) widen it, fixed strata (subjects) narrow it.
 *
 * `stderr` is lm-eval's in every case: of a mean, over several subjects the pooled one; it is left out where lm-eval says N/A.
 */
export function accuracy(items: EvalItem[], metric: string, level: number): Estimate {
  const values = items.map((item) => itemValue(item, metric)!);
  const n = values.length, right = sum(values);
  const subjects = [...Map.groupBy(items, (i) => i.subject ?? "").values()];
  const plain = wilsonInterval(right, n, { level });
  if (subjects.length > 1) {
    if (n === subjects.length) return plain; // one item each: no spread within subjects to see
    const robust = stratifiedMean(values, items.map((i) => i.subject ?? ""), { level });
    const tasks = subjects.map((part) => {
      const own = part.map((item) => itemValue(item, metric)!);
      return { n: own.length, stderr: own.length > 1 ? lmEvalStderr(own) : 0 };
    });
    return { ...wilsonFromStderr(right / n, robust.stderr, n, { level }), stderr: lmEvalGroupStderr(tasks) };
  }
  const stderr = n > 1 ? { stderr: lmEvalStderr(values) } : {};
  const clusters = items.map(clusterOf);
  const G = new Set(clusters).size;
  if (G === n) return { ...plain, ...stderr };
  return { ...wilsonFromStderr(right / n, clusterStderr(values, clusters, level), right % n ? n : G, { level }), n, ...stderr };
}

/** A source that no other item has, where none is named. */
function clusterOf(item: EvalItem): string {
  return item.cluster ?? `row ${item.subject ?? ""} ${item.row}`;
}

/** Cluster-robust stderr, widened by Student's t over the normal quantile: few clusters say little of their spread. */
function clusterStderr(values: number[], clusters: string[], level: number): number {
  const G = new Set(clusters).size;
  if (G < 2) return Infinity; // one source is one observation
  const p = 0.5 + level / 2;
  return clusteredMean(values, clusters).stderr * tQuantile(p, G - 1) / normalQuantile(p);
}

/**
 * All bits over all bytes, a ratio of sums: documents count by their length. The interval is the ratio estimator's,
 * from the residuals bits - ratio * bytes (Cochran 1977, section 6.3), summed by cluster; documents are the clusters where no
 * other is named. With a single cluster there is no interval.
 */
export function bitsPerByte(items: EvalItem[], level: number): Estimate {
  const bytes = sum(items.map((i) => i.bytes!)), n = items.length;
  const point = sum(items.map((i) => i.bits!)) / bytes;
  const clusters = items.map(clusterOf);
  if (new Set(clusters).size < 2) return { point, low: null, high: null, level, n };
  const linear = items.map((i) => point + (i.bits! - point * i.bytes!) * n / bytes); // their mean is the ratio itself
  const { low, high, stderr } = clusteredMean(linear, clusters, { level });
  return { point, low, high, level, n, stderr };
}

function sum(values: number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
