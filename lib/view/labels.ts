/** Settings, metrics and verdicts in words. */
import { isUnjudged } from "../compare/rows.ts";
import type { Estimate } from "../stats/estimate.ts";
import { SHARE, usableOn, usablePositive } from "../stats/usable.ts";

/** `p5_l64`, `p512B_l256B` and `b8_s128` spelled out; a name of another form is given back. */
export function configLabel(config: string): string {
  const generation = /^p(\d+)_l(\d+)$/.exec(config);
  if (generation) return `prompt ${generation[1]} + ${generation[2]} new tokens`;
  const text = /^p(\d+)B_l(\d+)B(?:_([0-9a-f]{8}))?$/.exec(config);
  if (text) return `${text[1]} bytes + the next ${text[2]} of ${text[3] ? `text ${text[3]}` : "one text"}`;
  const batch = /^b(\d+)_s(\d+)$/.exec(config);
  return batch ? `batch ${batch[1]} × ${batch[2]} tokens` : config;
}

/** Beside tokens a second of more than one model, where no text was read. */
export const OWN_TOKENS =
  "Tok/s are in each model's own tokens: where tokenizers differ, a token is another amount of text.";

export interface MetricLabel {
  name: string;
  /** Unit of the value. */
  unit: string;
  /** Factor from the stored number to the one that is shown. */
  scale: number;
  /** Unit of a difference. */
  differenceUnit: string;
}

const METRICS: Record<string, MetricLabel> = {
  decode_tok_s: { name: "decode", unit: "tok/s", scale: 1, differenceUnit: "tok/s" },
  prefill_tok_s: { name: "prefill", unit: "tok/s", scale: 1, differenceUnit: "tok/s" },
  throughput_tok_s: { name: "throughput", unit: "tok/s", scale: 1, differenceUnit: "tok/s" },
  decode_bytes_s: { name: "decode of the same text", unit: "bytes/s", scale: 1, differenceUnit: "bytes/s" },
  prefill_bytes_s: { name: "prefill of the same text", unit: "bytes/s", scale: 1, differenceUnit: "bytes/s" },
  throughput_bytes_s: { name: "throughput of the same text", unit: "bytes/s", scale: 1, differenceUnit: "bytes/s" },
  acc: { name: "acc", unit: "%", scale: 100, differenceUnit: "pp" },
  acc_norm: { name: "acc_norm", unit: "%", scale: 100, differenceUnit: "pp" },
  acc_bytes: { name: "acc_bytes", unit: "%", scale: 100, differenceUnit: "pp" },
  word_perplexity: { name: "perplexity per word", unit: "", scale: 1, differenceUnit: "" },
  byte_perplexity: { name: "perplexity per byte", unit: "", scale: 1, differenceUnit: "" },
  bits_per_byte: { name: "bits per byte", unit: "bits/byte", scale: 1, differenceUnit: "bits/byte" },
};

/** How a metric is named and scaled; an unknown one keeps its name and number. */
export function metricLabel(metric: string): MetricLabel {
  if (/^pass@\d+$/.test(metric)) return { name: metric, unit: "%", scale: 100, differenceUnit: "pp" };
  return METRICS[metric] ?? { name: metric, unit: "", scale: 1, differenceUnit: "" };
}

/** A model's score without bounds that say nothing: of a share, of a perplexity, of bits. */
export function usableScore(metric: string, estimate: Estimate): Estimate {
  if (metricLabel(metric).unit === "%") return usableOn(estimate, SHARE);
  return metric in METRICS || metric.endsWith("perplexity") ? usablePositive(estimate) : estimate;
}

const VERDICTS: Record<string, { words: string; tone?: "good" | "bad" }> = {
  faster: { words: "faster", tone: "good" },
  better: { words: "better", tone: "good" },
  slower: { words: "slower", tone: "bad" },
  worse: { words: "worse", tone: "bad" },
  same: { words: "same" },
  "not comparable": { words: "tokens of different tokenizers" },
  "ways differ": { words: "ways differ" },
  unclear: { words: "no difference found" },
};

/** A verdict as shown: "unclear" is said as "no difference found". */
export function verdictLabel(verdict: string): { words: string; tone?: "good" | "bad" } {
  return VERDICTS[verdict] ?? { words: verdict };
}

/** The verdict of a summary's row; where there is no interval, what there is too little of. */
export function rowVerdict(
  row: { verdict: string; speedup: number | null; low: number | null; high: number | null },
): { words: string; tone?: "good" | "bad" } {
  if (!isUnjudged(row.verdict) && row.low === null && row.high === null) {
    return { words: `too few ${rowUnits(row)}` };
  }
  return verdictLabel(row.verdict);
}

/** What the interval of a summary's row is made of: blocks of rounds, or items. */
export function rowUnits(row: { speedup: number | null }): "blocks" | "items" {
  return row.speedup === null ? "items" : "blocks";
}
