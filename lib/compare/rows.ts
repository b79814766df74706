/** The rows of a comparison's two tables. */
import type { QualityVerdict, SpeedVerdict } from "../stats/verdict.ts";

/** A row a model and setting, or a model and task; null where a column does not apply. */
export interface TableRow {
  architecture: string;
  type: "throughput" | "quality";
  config: string;
  /** New tokens over the request's time, or batch * seqLen over the pass's: geometric mean over blocks, 95 % interval. */
  throughput_tok_s: number | null;
  throughput_low: number | null;
  throughput_high: number | null;
  /** Of a request, or of a forward pass; pooled over rounds. */
  latency_p50_ms: number | null;
  /** Peak resident memory while running, minus that of the bare process, in GB (10^9 bytes). */
  memory_gb: number | null;
  /** The task's first metric, a fraction (bits per byte for text), 95 % interval. */
  accuracy: number | null;
  accuracy_low: number | null;
  accuracy_high: number | null;
  /** The same where the first metric is a pass@k; `config` names the k, "humaneval pass@1". */
  pass_at_k: number | null;
  /** Rounds or items. */
  n: number;
  /** Where tokenizers differ, or a setting is in bytes: the throughput in bytes of the same text, 95 % interval. */
  throughput_bytes_s: number | null;
  throughput_bytes_low: number | null;
  throughput_bytes_high: number | null;
  /** UTF-8 bytes that a token stands for, on the same texts. */
  bytes_per_token: number | null;
}

/**
 * Why a speed has no verdict. "not comparable": tokens a second of models that read a text as different tokens; the bytes'
 * row is the answer. "ways differ": one decodes in a loop inside its graph and the other by a run for each token, which
 * compares runtimes and not models.
 */
export type Unjudged = "not comparable" | "ways differ";

export function isUnjudged(verdict: string): verdict is Unjudged {
  return verdict === "not comparable" || verdict === "ways differ";
}

/** A row a model (but the baseline), setting or task, and metric. */
export interface SummaryRow {
  architecture: string;
  config: string;
  /** Speeds in tokens (`decode_tok_s`), or in bytes of the same text (`decode_bytes_s`); a task's metric. */
  metric: string;
  value: number;
  baseline_value: number;
  /** Speeds: above 1 is faster than the baseline. */
  speedup: number | null;
  /** Scores: the model minus the baseline, a fraction. */
  difference: number | null;
  /** Of the speed-up or the difference: simultaneous 95 % interval; null with too little data. */
  low: number | null;
  high: number | null;
  /** Rounds or items in which both took part. */
  n: number;
  verdict: SpeedVerdict | QualityVerdict | Unjudged;
  /** What to know before the row is read; null: nothing. */
  note: string | null;
}

export const TABLE_COLUMNS = [
  "architecture",
  "type",
  "config",
  "throughput_tok_s",
  "throughput_low",
  "throughput_high",
  "latency_p50_ms",
  "memory_gb",
  "accuracy",
  "accuracy_low",
  "accuracy_high",
  "pass_at_k",
  "n",
  "throughput_bytes_s",
  "throughput_bytes_low",
  "throughput_bytes_high",
  "bytes_per_token",
] as const satisfies (keyof TableRow)[];

export const SUMMARY_COLUMNS = [
  "architecture",
  "config",
  "metric",
  "value",
  "baseline_value",
  "speedup",
  "difference",
  "low",
  "high",
  "n",
  "verdict",
  "note",
] as const satisfies (keyof SummaryRow)[];
