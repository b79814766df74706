/** Every model against the baseline: the summary's rows, and behind each its intervals, tests and plans. */
import type { EvalResult } from "../eval/types.ts";
import { pairedSpeeds, primarySpeed, type SpeedMetric } from "../measure/rounds_result.ts";
import { isGeneration } from "../measure/setting.ts";
import type { Estimate } from "../stats/estimate.ts";
import { geometricMean } from "../stats/geometric_mean.ts";
import { signFlipTest } from "../stats/permutation.ts";
import { unitsForWidth } from "../stats/planning.ts";
import { blockLogRatios, usableRatioOverBlocks } from "../stats/ratio.ts";
import { isBounded } from "../stats/usable.ts";
import { qualityVerdict, speedVerdict } from "../stats/verdict.ts";
import { pairedDifference } from "./paired_difference.ts";
import type { ComparisonRaw } from "./raw.ts";
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

const COLUMN: Record<SpeedMetric, string> = {
  decodeTokensPerS: "decode_tok_s",
  prefillTokensPerS: "prefill_tok_s",
  throughputTokensPerS: "throughput_tok_s",
};

/** All findings in the order of models, settings and tasks. */
export function findings(raw: ComparisonRaw): Finding[] {
  const names = Object.keys(raw.models).filter((name) => name !== raw.baseline);
  const speeds = raw.settings.flatMap(({ setting, config }) =>
    speedMetrics(setting).map((metric) => ({ config, metric, primary: metric === primarySpeed(setting) }))
  );
  const tasks = Object.keys(raw.tasks);
  const primaries = names.length * (raw.settings.length + tasks.length),
    all = names.length * (speeds.length + tasks.length);
  return names.flatMap((name) => [
    ...speeds.flatMap((speed) => speedFinding(raw, name, speed, speed.primary ? primaries : all) ?? []),
    ...tasks.flatMap((task) => qualityFinding(raw, name, task, primaries) ?? []),
  ]);
}

function speedMetrics(setting: ComparisonRaw["settings"][number]["setting"]): SpeedMetric[] {
  return isGeneration(setting)
    ? ["decodeTokensPerS", "prefillTokensPerS", "throughputTokensPerS"]
    : ["throughputTokensPerS"];
}

function speedFinding(
  raw: ComparisonRaw,
  name: string,
  { config, metric, primary }: { config: string; metric: SpeedMetric; primary: boolean },
  comparisons: number,
): Finding | null {
  const pairs = pairedSpeeds(raw.rounds, config, metric, name, raw.baseline);
  if (!pairs.length) return null;
  const stoppedByWidth = raw.settings.find((s) => s.config === config)?.stoppedBy === "width";
  const units = blockLogRatios(pairs), enough = units.length >= 2;
  const wide = usableRatioOverBlocks(pairs, { level: 0.95, comparisons, stoppedByWidth });
  const narrow = usableRatioOverBlocks(pairs, { level: 0.9, comparisons, stoppedByWidth });
  const overBlocks = (key: "candidate" | "baseline") =>
    geometricMean(blockLogRatios(pairs.map((p) => ({ block: p.block, candidate: p[key], baseline: 1 }))).map(Math.exp))
      .point;
  const verdict = wide && narrow ? speedVerdict({ wide, narrow }, raw.band.speed) : "unclear";
  const value = overBlocks("candidate"), baseline = overBlocks("baseline");
  const needed = verdict === "unclear" && enough
    ? unitsForWidth(units, raw.band.speed / 2, { comparisons, stoppedByWidth: true })
    : null;
  return {
    row: {
      architecture: name,
      config,
      metric: COLUMN[metric],
      value,
      baseline_value: baseline,
      speedup: wide?.point ?? value / baseline,
      difference: null,
      low: wide?.low ?? null,
      high: wide?.high ?? null,
      n: pairs.length,
      verdict,
    },
    kind: "speed",
    primary,
    comparisons,
    wide,
    narrow,
    signFlipP: enough ? signFlipTest(units).p : null,
    roundsNeeded: needed && Math.ceil(needed * pairs.length / units.length),
  };
}

function qualityFinding(raw: ComparisonRaw, name: string, task: string, comparisons: number): Finding | null {
  const candidate = raw.tasks[task][name], baseline = raw.tasks[task][raw.baseline];
  if (!candidate || !baseline) return null;
  const metric = firstMetric(candidate);
  const at = (level: number) => pairedDifference(candidate, baseline, metric, { level, comparisons });
  const wide = at(0.95), narrow = at(0.9);
  if (!wide || !narrow) return null;
  const higherIsBetter = candidate.higherIsBetter[metric] ?? true;
  return {
    row: {
      architecture: name,
      config: task,
      metric,
      value: candidate.metrics[metric].point,
      baseline_value: baseline.metrics[metric].point,
      speedup: null,
      difference: wide.point,
      low: wide.low,
      high: wide.high,
      n: wide.items,
      verdict: qualityVerdict({ wide, narrow }, { band: raw.band.quality, higherIsBetter }),
    },
    kind: "quality",
    primary: true,
    comparisons,
    wide: isBounded(wide) ? wide : null,
    narrow: isBounded(wide) && isBounded(narrow) ? narrow : null,
    signFlipP: wide.clusterSums.length >= 2 ? signFlipTest(wide.clusterSums).p : null,
    roundsNeeded: null,
  };
}

/** A task's primary metric. */
export function firstMetric(result: EvalResult): string {
  return Object.keys(result.metrics)[0];
}
