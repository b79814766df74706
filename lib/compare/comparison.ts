/** A finished comparison: two tables made from raw data. */
import { kOfMetric } from "../eval/generated/pass_metrics.ts";
import { type ColumnTable, table } from "arquero";
import { pairedSpeeds, primarySpeed } from "../measure/rounds_result.ts";
import { byteFactor, inBytes } from "../measure/text_speed.ts";
import type { Estimate } from "../stats/estimate.ts";
import { geometricMean } from "../stats/geometric_mean.ts";
import { usableScaledInterval } from "../stats/log_factor.ts";
import { signFlipTest } from "../stats/permutation.ts";
import { blockLogRatios, ratioOverBlocks } from "../stats/ratio.ts";
import { median } from "../stats/summary.ts";
import { usablePositive } from "../stats/usable.ts";
import type { Finding } from "./finding.ts";
import { findings } from "./findings.ts";
import { GOLD, pairedDifference } from "./paired_difference.ts";
import { firstMetric } from "./quality_findings.ts";
import type { ComparisonRaw } from "./raw.ts";
import { SUMMARY_COLUMNS, TABLE_COLUMNS, type TableRow } from "./rows.ts";

/** The baseline against its twin in one setting: two processes of one model, so the truth is 1. */
export interface TwinFinding {
  config: string;
  metric: string;
  /** Plain 95 % interval over blocks; bounds are null where they say nothing (lib/stats/usable.ts). */
  ratio: Estimate;
  signFlipP: number;
}

/**
 * Architectures compared. `table` has what each is, `summary` each against the baseline, `raw` every sample and item;
 * both tables are computed from `raw` alone, so a saved comparison can be read and analysed again.
 *
 * @example Save, and read again
 * ```ts ignore
 * await Deno.writeTextFile("comparison.json", JSON.stringify(comparison));
 * const again = Comparison.fromJSON(JSON.parse(await Deno.readTextFile("comparison.json")));
 * ```
 */
export class Comparison {
  /** Architectures by settings and tasks, an arquero table; columns in `TableRow`. */
  readonly table: ColumnTable;
  /** Every model against the baseline, an arquero table; columns in `SummaryRow`. */
  readonly summary: ColumnTable;
  readonly raw: ComparisonRaw;
  /** The summary's rows with intervals, tests and plans behind them. */
  readonly findings: Finding[];

  constructor(raw: ComparisonRaw) {
    this.raw = raw;
    this.findings = findings(raw);
    this.table = columns(TABLE_COLUMNS, [...throughputRows(raw), ...qualityRows(raw)]);
    this.summary = columns(SUMMARY_COLUMNS, this.findings.map((f) => f.row));
  }

  /** How far apart this machine put two processes of the same model, in each setting with at least two blocks. */
  twinFindings(): TwinFinding[] {
    const { raw } = this;
    if (!raw.twin) return [];
    return raw.settings.flatMap(({ setting, config, stoppedBy }) => {
      const metric = primarySpeed(setting);
      const pairs = pairedSpeeds(raw.rounds, config, metric, raw.twin!.name, raw.baseline);
      const units = blockLogRatios(pairs);
      return units.length < 2 ? [] : [{
        config,
        metric,
        ratio: usablePositive(ratioOverBlocks(pairs, { stoppedByWidth: stoppedBy === "width" })),
        signFlipP: signFlipTest(units).p,
      }];
    });
  }

  /** Mean difference of ln p of the right choice to the baseline's (above 0: more sure of it), paired by item; null where there is none. */
  goldDifference(task: string, model: string): Estimate | null {
    const candidate = this.raw.tasks[task]?.[model], baseline = this.raw.tasks[task]?.[this.raw.baseline];
    if (!candidate || !baseline) return null;
    const found = pairedDifference(candidate, baseline, GOLD);
    if (!found) return null;
    const { clusterSums: _sums, items: _items, ...estimate } = found;
    return estimate;
  }

  toJSON(): ComparisonRaw {
    return this.raw;
  }

  /** @throws {TypeError} If `raw` is not what `toJSON` gives, or of another version. */
  static fromJSON(raw: unknown): Comparison {
    const { version, models, rounds } = (raw ?? {}) as Partial<ComparisonRaw>;
    if (version !== 1 || !models || !rounds) {
      throw new TypeError(
        `Cannot read a comparison: expected version 1 with models and rounds, got version ${version}`,
      );
    }
    return new Comparison(raw as ComparisonRaw);
  }
}

function columns<R extends object>(names: readonly (keyof R & string)[], rows: R[]): ColumnTable {
  return table(Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])])));
}

const EMPTY = {
  throughput_tok_s: null,
  throughput_low: null,
  throughput_high: null,
  latency_p50_ms: null,
  memory_gb: null,
  accuracy: null,
  accuracy_low: null,
  accuracy_high: null,
  pass_at_k: null,
  throughput_bytes_s: null,
  throughput_bytes_low: null,
  throughput_bytes_high: null,
  bytes_per_token: null,
};

function throughputRows(raw: ComparisonRaw): TableRow[] {
  return Object.entries(raw.models).flatMap(([architecture, { memory }]) =>
    raw.settings.flatMap(({ config }): TableRow[] => {
      const samples = raw.rounds.flatMap((r) =>
        r.config === config && r.samples[architecture] ? [{ block: r.block, ...r.samples[architecture] }] : []
      );
      if (!samples.length) return [];
      const perBlock = blockLogRatios(
        samples.map((s) => ({ block: s.block, candidate: s.throughputTokensPerS, baseline: 1 })),
      );
      const { point, low, high } = usablePositive(geometricMean(perBlock.map(Math.exp)));
      const metric = "throughputTokensPerS";
      const factor = inBytes(raw, config) ? byteFactor(raw, { config, metric }, architecture) : null;
      const bytes = factor && usableScaledInterval(perBlock, factor);
      return [{
        ...EMPTY,
        architecture,
        type: "throughput",
        config,
        throughput_tok_s: point,
        throughput_low: low,
        throughput_high: high,
        latency_p50_ms: median(samples.map((s) => s.latencyMs)),
        memory_gb: memory[config]?.memoryGb.point ?? null,
        n: samples.length,
        ...(factor
          ? {
            throughput_bytes_s: bytes?.point ?? point * Math.exp(factor.log),
            throughput_bytes_low: bytes?.low ?? null,
            throughput_bytes_high: bytes?.high ?? null,
            bytes_per_token: Math.exp(factor.log),
          }
          : {}),
      }];
    })
  );
}

function qualityRows(raw: ComparisonRaw): TableRow[] {
  return Object.keys(raw.models).flatMap((architecture) =>
    Object.entries(raw.tasks).flatMap(([config, results]): TableRow[] => {
      const result = results[architecture];
      if (!result) return [];
      const metric = firstMetric(result), { point, low, high } = result.metrics[metric];
      const isPass = kOfMetric(metric) !== null;
      return [{
        ...EMPTY,
        architecture,
        type: "quality",
        config: isPass ? `${config} ${metric}` : config,
        accuracy: point,
        accuracy_low: low,
        accuracy_high: high,
        pass_at_k: isPass ? point : null,
        n: result.n,
      }];
    })
  );
}
