/** A task's scores of every model against the baseline's, paired by item. */
import type { EvalResult } from "../eval/types.ts";
import { signFlipTest } from "../stats/permutation.ts";
import { isBounded } from "../stats/usable.ts";
import { qualityVerdict } from "../stats/verdict.ts";
import type { Finding } from "./finding.ts";
import { pairedDifference } from "./paired_difference.ts";
import type { ComparisonRaw } from "./raw.ts";

/**
 * The metric that decides a task. Between tokenizers the choices' lengths are counted in bytes, as bits per byte count
 * them, where the task has that beside lm-eval's characters.
 */
export function decidingMetric(
  result: Pick<EvalResult, "metrics">,
  { betweenTokenizers = false }: { betweenTokenizers?: boolean },
): string {
  const [first] = Object.keys(result.metrics);
  return betweenTokenizers && first === "acc_norm" && "acc_bytes" in result.metrics ? "acc_bytes" : first;
}

/** A task's metric that decides, and its first one where that is another. */
export function judgedMetrics({ tasks, ...raw }: ComparisonRaw, task: string): string[] {
  const result = Object.values(tasks[task])[0];
  return result ? [...new Set([decidingMetric(result, raw), firstMetric(result)])] : [];
}

export function qualityFindings(
  raw: ComparisonRaw,
  name: string,
  task: string,
  { primaries, all }: { primaries: number; all: number },
): Finding[] {
  const candidate = raw.tasks[task][name], baseline = raw.tasks[task][raw.baseline];
  if (!candidate || !baseline) return [];
  return judgedMetrics(raw, task).flatMap((metric, i) =>
    qualityFinding(raw, { name, task, metric, primary: i === 0 }, i === 0 ? primaries : all) ?? []
  );
}

function qualityFinding(
  raw: ComparisonRaw,
  { name, task, metric, primary }: { name: string; task: string; metric: string; primary: boolean },
  comparisons: number,
): Finding | null {
  const candidate = raw.tasks[task][name], baseline = raw.tasks[task][raw.baseline];
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
      note: null,
    },
    kind: "quality",
    primary,
    comparisons,
    wide: isBounded(wide) ? wide : null,
    narrow: isBounded(wide) && isBounded(narrow) ? narrow : null,
    signFlipP: wide.clusterSums.length >= 2 ? signFlipTest(wide.clusterSums).p : null,
    roundsNeeded: null,
  };
}

/** A task's first metric. */
export function firstMetric(result: EvalResult): string {
  return Object.keys(result.metrics)[0];
}
