/** What the views read from a comparison: names, settings, and paired differences between any two models. */
import type { EvalItem, EvalResult } from "../eval/types.ts";
import { itemValue } from "../eval/types.ts";
import { clusteredMean, stratifiedMean } from "../stats/clustered.ts";
import type { Estimate } from "../stats/estimate.ts";
import { type PairedSample, ratioOverBlocks } from "../stats/ratio.ts";

/** A row of `comparison.table`; see `compareArchitectures`. */
export interface TableRow {
  architecture: string;
  type: string;
  config: string;
  throughput_tok_s: number | null;
  throughput_low: number | null;
  throughput_high: number | null;
  latency_p50_ms: number | null;
  memory_gb: number | null;
  accuracy: number | null;
  accuracy_low: number | null;
  accuracy_high: number | null;
  pass_at_k: number | null;
  n: number;
}

/** A row of `comparison.summary`: one model against the baseline. `low` and `high` belong to the speed-up or the difference. */
export interface SummaryRow {
  architecture: string;
  config: string;
  metric: string;
  value: number;
  baseline_value: number;
  speedup: number | null;
  difference: number | null;
  low: number | null;
  high: number | null;
  n: number;
  verdict: string;
}

/** Tokens a second of one request or forward pass; the fields that a setting has depend on its kind. */
export interface SpeedSample {
  throughputTokensPerS: number;
  decodeTokensPerS?: number | null;
  prefillTokensPerS?: number | null;
}

/** One round: the same setting by every model, in random order. */
export interface RoundData {
  config: string;
  block: number;
  round: number;
  samples: Record<string, SpeedSample>;
}

/** The part of a `Comparison` that views read; tests pass a made-up one. */
export interface ComparisonData {
  readonly table: { objects(): object[] };
  readonly summary: { objects(): object[] };
  readonly raw: {
    models: Record<string, unknown>;
    baseline: string;
    settings: { config: string; kind: string; rounds?: number; blocks?: number; stoppedBy?: string | null }[];
    rounds: RoundData[];
    tasks: Record<string, Record<string, EvalResult>>;
  };
}

export type SpeedMetric = "decodeTokensPerS" | "throughputTokensPerS";

export function modelNames(comparison: ComparisonData): string[] {
  return Object.keys(comparison.raw.models);
}

export function tableRows(comparison: ComparisonData): TableRow[] {
  return comparison.table.objects() as TableRow[];
}

export function summaryRows(comparison: ComparisonData): SummaryRow[] {
  return comparison.summary.objects() as SummaryRow[];
}

/** What a setting is about: decode speed of a generation, throughput of a batch. */
export function speedMetric(kind: string): SpeedMetric {
  return kind === "generation" ? "decodeTokensPerS" : "throughputTokensPerS";
}

/** Tokens a second of each round in which `name` ran: shape [rounds], with its block. */
export function speedSamples(
  comparison: ComparisonData,
  config: string,
  metric: SpeedMetric,
  name: string,
): { block: number; value: number }[] {
  return comparison.raw.rounds.flatMap(({ config: c, block, samples }) => {
    const value = c === config ? samples[name]?.[metric] : undefined;
    return typeof value === "number" && value > 0 ? [{ block, value }] : [];
  });
}

/** Geometric mean of a model's speed in tokens/s with its interval over blocks; null without two blocks. */
export function speedEstimate(
  comparison: ComparisonData,
  config: string,
  metric: SpeedMetric,
  name: string,
): Estimate | null {
  const samples = speedSamples(comparison, config, metric, name);
  if (new Set(samples.map((s) => s.block)).size < 2) return null;
  return ratioOverBlocks(samples.map(({ block, value }) => ({ block, candidate: value, baseline: 1 })));
}

/** Speed of `a` over speed of `b` in the same rounds; null without two blocks. `comparisons` as in lib/stats. */
export function speedRatio(
  comparison: ComparisonData,
  setting: { config: string; metric: SpeedMetric },
  a: string,
  b: string,
  comparisons = 1,
): Estimate | null {
  const pairs = comparison.raw.rounds.flatMap(({ config, block, samples }): PairedSample[] => {
    const candidate = config === setting.config ? samples[a]?.[setting.metric] : null;
    const baseline = config === setting.config ? samples[b]?.[setting.metric] : null;
    return candidate && baseline ? [{ block, candidate, baseline }] : [];
  });
  return new Set(pairs.map((p) => p.block)).size < 2 ? null : ratioOverBlocks(pairs, { comparisons });
}

/** A task's primary metric, the first in its results. */
export function primaryMetric(comparison: ComparisonData, task: string): { metric: string; higherIsBetter: boolean } {
  const result = Object.values(comparison.raw.tasks[task])[0];
  const metric = Object.keys(result.metrics)[0];
  return { metric, higherIsBetter: result.higherIsBetter?.[metric] ?? true };
}

/** `a` minus `b` in the task's primary metric, paired by item; null when they share too few items. */
export function qualityDifference(
  comparison: ComparisonData,
  task: string,
  a: string,
  b: string,
  comparisons = 1,
): Estimate | null {
  const { metric } = primaryMetric(comparison, task);
  const key = (item: EvalItem) => `${item.subject ?? ""}/${item.row}`;
  const others = new Map(comparison.raw.tasks[task][b]?.items.map((item) => [key(item), item]));
  const pairs = (comparison.raw.tasks[task][a]?.items ?? []).flatMap((item) => {
    const other = others.get(key(item));
    return other ? [[item, other] as const] : [];
  });
  const differences = pairs.map(([x, y]) => difference(x, y, metric));
  if (differences.length < 2 || differences.some((d) => d === null)) return null;
  // Text is weighed by its bytes, so that the mean is the difference of the two totals.
  const meanBytes = pairs.reduce((sum, [x]) => sum + (x.bytes ?? 0), 0) / pairs.length;
  const values = (differences as number[]).map((d) => metric === "bits_per_byte" ? d / meanBytes : d);
  const subjects = pairs.map(([x]) => x.subject);
  try {
    return subjects.every((s) => s !== undefined)
      ? stratifiedMean(values, subjects as string[], { comparisons })
      : clusteredMean(values, pairs.map(([x]) => x.cluster ?? key(x)), { comparisons });
  } catch (error) {
    if (error instanceof RangeError) return null; // too few clusters or items for an interval
    throw error;
  }
}

function difference(x: EvalItem, y: EvalItem, metric: string): number | null {
  if (metric === "bits_per_byte") return x.bits === undefined || y.bits === undefined ? null : x.bits - y.bits;
  const [a, b] = [itemValue(x, metric), itemValue(y, metric)];
  return a === null || b === null ? null : a - b;
}

/** Peak memory in GB (10^9 bytes) while running `config`, else the largest of any setting; null where none was measured. */
export function memoryGb(comparison: ComparisonData, config: string, name: string): number | null {
  const rows = tableRows(comparison).filter((r) => r.architecture === name && typeof r.memory_gb === "number");
  const here = rows.find((r) => r.config === config)?.memory_gb;
  return here ?? (rows.length ? Math.max(...rows.map((r) => r.memory_gb!)) : null);
}
