/** What a decision weighs: each model's speed, quality and memory, and how two models relate in them. */
import { decidingMetric } from "../compare/quality_findings.ts";
import { waysDiffer } from "../measure/decode_ways.ts";
import { inBytes } from "../measure/text_speed.ts";
import { beatsGuessing, guessLevel } from "../eval/sanity.ts";
import type { EvalResult } from "../eval/types.ts";
import type { Estimate } from "../stats/estimate.ts";
import { isBounded } from "../stats/usable.ts";
import { qualityVerdict, speedVerdict } from "../stats/verdict.ts";
import { checkComparison } from "./arguments.ts";
import { areIdentical } from "./identical_sentence.ts";
import {
  type ComparisonData,
  memoryEstimate,
  modelNames,
  primaryMetric,
  qualityDifference,
  speedEstimate,
  type SpeedMetric,
  speedMetric,
  speedRatio,
  speedSamples,
} from "./comparison_data.ts";
import { formatEstimate, formatNumber } from "./format.ts";
import { metricLabel, usableScore } from "./labels.ts";

/** What is weighed: speed of one setting, the primary metric of one task, and memory. */
export interface Criteria {
  config: string | null;
  metric: SpeedMetric;
  task: string | null;
}

/** One model as the decision sees it. */
export interface Candidate {
  name: string;
  /** Tokens/s, or bytes of the same text a second. */
  speed: Estimate | null;
  quality: Estimate | null;
  memoryGb: number | null;
  /** Decode speed, which a limit is about, where `speed` is another one; null if not measured. Default: `speed`. */
  decodeTokensPerS?: Estimate | null;
  /** The same in bytes of the same text a second; null or absent if not known. */
  decodeBytesPerS?: Estimate | null;
}

export type Criterion = "quality" | "speed" | "memory";

/** `a` against `b`: 1 clearly better, -1 clearly worse, 0 no difference found. */
export type Relation = Record<Criterion, number>;
/** The same; null where nothing can be said. */
export type OpenRelation = Record<Criterion, number | null>;

/** Memory differs when it does by more than 5 %: it is a single peak, without an interval. */
const MEMORY_BAND = 0.05;

/** The first generation setting (else the first setting) and bits per byte (else the first task). */
export function defaultCriteria(comparison: ComparisonData): Criteria {
  checkComparison("Cannot choose", comparison);
  const { settings, tasks } = comparison.raw;
  const setting = settings.find((s) => s.kind === "generation") ?? settings[0];
  const names = Object.keys(tasks);
  return {
    config: setting?.config ?? null,
    metric: speedMetric(setting?.kind ?? "generation"),
    task: names.includes("bits_per_byte") ? "bits_per_byte" : names[0] ?? null,
  };
}

export function candidates(comparison: ComparisonData, criteria: Criteria): Candidate[] {
  const { config, metric } = criteria;
  return modelNames(comparison).map((name) => {
    const result = resultOf(comparison, criteria, name);
    const at = (bytes: boolean) => config === null ? null : speedEstimate(comparison, config, metric, name, bytes);
    const bytes = config !== null && inBytes(comparison.raw, config), speed = at(bytes);
    const isDecode = metric === "decodeTokensPerS", deciding = result && decidingMetric(result, comparison.raw);
    return {
      name,
      speed,
      quality: deciding ? usableScore(deciding, result.metrics[deciding]) : null,
      memoryGb: (config === null ? null : memoryEstimate(comparison, config, name))?.point ?? null,
      decodeTokensPerS: isDecode ? at(false) : null,
      decodeBytesPerS: isDecode && bytes ? speed : null,
    };
  });
}

/**
 * Every pair of models by the verdicts of lib/stats: against the baseline as the summary has it, so that the two never
 * contradict each other, others with intervals that hold together over all pairs. Two names of one model do not differ. Nothing is said
 * (null) of what was not measured, of too few blocks or items (lib/stats/usable.ts), and of the quality of two models
 * neither of which is better than guessing.
 */
export function relations(comparison: ComparisonData, criteria: Criteria): (a: string, b: string) => OpenRelation {
  const { config, metric, task } = criteria;
  const { band, baseline, settings, tasks } = comparison.raw;
  const all = candidates(comparison, criteria);
  const pairs = all.length * (all.length - 1) / 2;
  const weighed = Number(config !== null) + Number(task !== null);
  const ofSummary = Math.max(1, (all.length - 1) * (settings.length + Object.keys(tasks).length));
  const ofPair = (a: string, b: string) =>
    a === baseline || b === baseline ? ofSummary : Math.max(ofSummary, weighed * pairs);
  const memory = new Map(all.map((c) => [c.name, c.memoryGb]));
  const higherIsBetter = task === null || (primaryMetric(comparison, task)?.higherIsBetter ?? true);
  const guesses = (name: string) => {
    const result = resultOf(comparison, criteria, name);
    return result !== undefined && !beatsGuessing(result, decidingMetric(result, comparison.raw));
  };
  const both = (at: (level: number) => Estimate | null) => {
    const [wide, narrow] = [at(0.95), at(0.9)];
    return isBounded(wide) && isBounded(narrow) ? { wide, narrow } : null;
  };
  const known = new Map<string, OpenRelation>();
  return (a, b) => {
    const key = JSON.stringify([a, b]);
    if (!known.has(key)) known.set(key, relate(a, b));
    return known.get(key)!;
  };

  function relate(a: string, b: string): OpenRelation {
    const comparisons = ofPair(a, b), same = areIdentical(comparison, a, b);
    const sign = (verdict: keyof typeof SIGN) => same ? 0 : SIGN[verdict];
    const speed = config === null || decodeInOtherWays(comparison, config, a, b)
      ? null
      : both((level) => speedRatio(comparison, { config, metric }, a, b, { level, comparisons }));
    const quality = task === null || (guesses(a) && guesses(b))
      ? null
      : both((level) => qualityDifference(comparison, task, a, b, { level, comparisons }));
    const [x, y] = [memory.get(a) ?? null, memory.get(b) ?? null];
    const apart = x !== null && y !== null && Math.abs(x - y) > MEMORY_BAND * Math.max(x, y);
    return {
      speed: speed && sign(speedVerdict(speed, band.speed)),
      quality: quality && sign(qualityVerdict(quality, { band: band.quality, higherIsBetter })),
      memory: x === null || y === null ? null : apart && !same ? (x < y ? 1 : -1) : 0,
    };
  }
}

/** Whether the speeds of a request would compare a loop inside of a graph with runs of one. */
function decodeInOtherWays({ raw }: ComparisonData, config: string, a: string, b: string): boolean {
  const isRequest = raw.settings.some((s) => s.config === config && s.kind === "generation");
  return isRequest && raw.way !== undefined && waysDiffer({ way: raw.way, ways: raw.ways }, a, b);
}

const SIGN = { faster: 1, better: 1, slower: -1, worse: -1, same: 0, unclear: 0 };

/** Why nothing can be said of any two of these models in a criterion; undefined where it was not measured. */
export function whyNothing(
  comparison: ComparisonData,
  criteria: Criteria,
  criterion: Criterion,
  names: string[],
): string | undefined {
  const { config, metric } = criteria, { text } = comparison.raw;
  if (criterion === "quality") return whyNoQuality(comparison, criteria, names);
  const without = text ? names.filter((name) => !text.models[name]) : [];
  if (criterion === "speed" && without.length) {
    return `${without.join(" and ")} ${
      without.length > 1 ? "have" : "has"
    } no tokenizer to tell bytes of text a second by`;
  }
  const others = config !== null && criterion === "speed" &&
    names.every((a) => names.every((b) => a === b || decodeInOtherWays(comparison, config, a, b)));
  if (others && names.length > 1) return "they decode in different ways, so their speeds do not compare";
  const ran = config !== null && names.some((name) => speedSamples(comparison, config, metric, name).length);
  return criterion === "speed" && ran ? "there are too few blocks to compare speed" : undefined;
}

function whyNoQuality(comparison: ComparisonData, criteria: Criteria, names: string[]): string | undefined {
  const results = names.flatMap((name) => resultOf(comparison, criteria, name) ?? []);
  if (!results.length) return undefined;
  const metric = decidingMetric(results[0], comparison.raw), level = guessLevel(results[0], metric);
  if (level === null || results.some((r) => beatsGuessing(r, metric))) {
    return "there are too few items to compare quality";
  }
  const up = results[0].higherIsBetter[metric] ? 1 : -1;
  const best = results.map((r) => r.metrics[metric]).reduce((a, b) => up * b.point > up * a.point ? b : a);
  const { name, scale, unit } = metricLabel(metric), suffix = unit && ` ${unit}`;
  const what = criteria.task === metric ? name : `${criteria.task} ${name}`;
  const guess = level === 0 ? "none is right" : `guessing has ${formatNumber(level * scale)}${suffix}`;
  return `no model is better than guessing in ${what} (best ${
    formatEstimate(best, { scale, unit: suffix })
  }, ${guess})`;
}

function resultOf(comparison: ComparisonData, { task }: Criteria, name: string): EvalResult | undefined {
  return task === null ? undefined : comparison.raw.tasks[task]?.[name];
}
