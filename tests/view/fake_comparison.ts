/** A made-up comparison of three models with known speeds and scores; nothing is run. */
import { table } from "arquero";
import type { EvalItem, EvalResult } from "../../lib/eval/types.ts";
import type { ComparisonData } from "../../lib/view/comparison_data.ts";

export const BASE = "llama fp32 (from Q4_1)";

/** Decode tokens/s, batch tokens/s, bits per byte, share of right answers, memory in GB. */
const MODELS: Record<string, { decode: number; batch: number; bits: number; acc: number; memory: number }> = {
  [BASE]: { decode: 47, batch: 820, bits: 1.0, acc: 0.5, memory: 0.75 },
  int4: { decode: 148, batch: 760, bits: 1.004, acc: 0.5, memory: 0.31 },
  "24 of 30 layers": { decode: 58, batch: 1010, bits: 1.4, acc: 0.25, memory: 0.65 },
};

const wave = (i: number, j: number) => Math.sin(12.9898 * i + 78.233 * j); // spread without a random source

export function evalResult(task: string, metric: string, point: number, items: EvalItem[]): EvalResult {
  return {
    task,
    version: "1",
    shots: 0,
    n: items.length,
    metrics: { [metric]: { point, low: point - 0.08, high: point + 0.08, level: 0.95, n: items.length } },
    higherIsBetter: { [metric]: metric !== "bits_per_byte" },
    chance: {},
    sanity: null,
    nearFlips: { distance: 1e-4, metrics: {}, sentence: "" },
    groups: {},
    failed: [],
    items,
    notes: [],
    data: `${task} validation`,
    environment: {} as EvalResult["environment"],
  };
}

/** `rename` replaces a model's name everywhere, e.g. by one that must be escaped. */
export function fakeComparison(rename: Record<string, string> = {}): ComparisonData {
  const entries = Object.entries(MODELS).map(([name, m], index) => ({ name: rename[name] ?? name, index, ...m }));
  const base = entries[0];
  const settings = [{ config: "p5_l64", kind: "generation" }, { config: "b8_s128", kind: "batch" }];
  const rounds = settings.flatMap(({ config, kind }) =>
    Array.from({ length: 24 }, (_, round) => ({
      config,
      block: Math.floor(round / 4),
      round,
      order: entries.map((e) => e.name),
      samples: Object.fromEntries(entries.map((e) => {
        const noise = 1 + 0.01 * wave(round, e.index + 1);
        const speed = (kind === "generation" ? e.decode : e.batch) * noise;
        return [e.name, { throughputTokensPerS: speed, ...(kind === "generation" ? { decodeTokensPerS: speed } : {}) }];
      })),
    }))
  );
  const items = (e: typeof base, text: boolean): EvalItem[] =>
    Array.from({ length: 40 }, (_, row) => ({
      row,
      correct: text ? null : Number(row % 4 < 4 * e.acc),
      correctNorm: text ? undefined : Number(row % 4 < 4 * e.acc),
      bits: text ? 400 * (e.bits + 0.2 * wave(row, 0) + 0.01 * wave(row, e.index + 1)) : undefined,
      bytes: text ? 400 : undefined,
      tokens: 100,
      promptHash: "",
    }));
  const tasks = {
    hellaswag: Object.fromEntries(
      entries.map((e) => [e.name, evalResult("hellaswag", "acc_norm", e.acc, items(e, false))]),
    ),
    bits_per_byte: Object.fromEntries(
      entries.map((e) => [e.name, evalResult("bits_per_byte", "bits_per_byte", e.bits, items(e, true))]),
    ),
  };
  const speedRow = (e: typeof base, config: string, metric: string, value: number, baseline: number) => ({
    architecture: e.name,
    config,
    metric,
    value,
    baseline_value: baseline,
    speedup: value / baseline,
    difference: null,
    low: value / baseline - 0.02,
    high: value / baseline + 0.02,
    n: 24,
    verdict: value > baseline ? "faster" : "slower",
  });
  const summary = entries.slice(1).flatMap((e) => [
    speedRow(e, "p5_l64", "decode_tok_s", e.decode, base.decode),
    speedRow(e, "b8_s128", "throughput_tok_s", e.batch, base.batch),
    {
      architecture: e.name,
      config: "hellaswag",
      metric: "acc_norm",
      value: e.acc,
      baseline_value: base.acc,
      speedup: null,
      difference: e.acc - base.acc,
      low: e.acc - base.acc - 0.04,
      high: e.acc - base.acc + 0.04,
      n: 40,
      verdict: e.acc < base.acc ? "worse" : "unclear",
    },
    {
      architecture: e.name,
      config: "bits_per_byte",
      metric: "bits_per_byte",
      value: e.bits,
      baseline_value: base.bits,
      speedup: null,
      difference: e.bits - base.bits,
      low: e.bits - base.bits - 0.006,
      high: e.bits - base.bits + 0.006,
      n: 40,
      verdict: e.bits > 1.1 ? "worse" : "same",
    },
  ]);
  const blank = {
    throughput_tok_s: null,
    throughput_low: null,
    throughput_high: null,
    latency_p50_ms: null,
    memory_gb: null,
  };
  const none = { accuracy: null, accuracy_low: null, accuracy_high: null, pass_at_k: null };
  const rows = entries.flatMap((e) => [
    ...settings.map(({ config, kind }) => {
      const speed = kind === "generation" ? e.decode : e.batch;
      return {
        architecture: e.name,
        type: "throughput",
        config,
        throughput_tok_s: speed,
        throughput_low: speed - 1,
        throughput_high: speed + 1,
        latency_p50_ms: 64_000 / speed,
        memory_gb: e.memory,
        ...none,
        n: 24,
      };
    }),
    {
      architecture: e.name,
      type: "quality",
      config: "hellaswag",
      ...blank,
      accuracy: e.acc,
      accuracy_low: e.acc - 0.08,
      accuracy_high: e.acc + 0.08,
      pass_at_k: null,
      n: 40,
    },
  ]);
  const columns = (list: Record<string, unknown>[]) =>
    table(Object.fromEntries(Object.keys(list[0]).map((key) => [key, list.map((row) => row[key])])));
  return {
    table: columns(rows),
    summary: columns(summary),
    raw: {
      models: Object.fromEntries(
        entries.map((
          e,
        ) => [e.name, {
          memory: {
            p5_l64: { memoryGb: { point: e.memory, low: e.memory - 0.004, high: e.memory + 0.004, level: 0.95, n: 3 } },
          },
        }]),
      ),
      baseline: base.name,
      band: { speed: 0.01, quality: 0.02 },
      twin: { name: `${base.name} (A/A twin)` },
      failures: [],
      settings,
      rounds,
      tasks,
    },
  };
}
