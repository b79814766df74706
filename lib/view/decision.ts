/** Which model to choose within stated limits, and how sure that is. */
import { firstMetric } from "../compare/findings.ts";
import type { Estimate } from "../stats/estimate.ts";
import { qualityVerdict, speedVerdict } from "../stats/verdict.ts";
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
} from "./comparison_data.ts";
import { checkChoice } from "./choice_fields.ts";
import { formatNumber } from "./format.ts";

/** What a model must keep to; absent: no limit. */
export interface Limits {
  /** Peak memory while running at most, in GB (10^9 bytes). */
  memoryGb?: number;
  /** Decode speed at least, in tokens/s. */
  decodeTokensPerS?: number;
}

/** What is weighed: speed of one setting, the primary metric of one task, and memory. */
export interface Criteria {
  config: string | null;
  metric: SpeedMetric;
  task: string | null;
}

/** One model as the decision sees it. */
export interface Candidate {
  name: string;
  /** Tokens/s. */
  speed: Estimate | null;
  quality: Estimate | null;
  memoryGb: number | null;
}

/** `a` against `b`: 1 clearly better, -1 clearly worse, 0 no difference found. */
export interface Relation {
  speed: number;
  quality: number;
  memory: number;
}

export interface Decision {
  chosen: string | null;
  /** Neither speed, quality nor memory could be told from the chosen one's. */
  indistinguishable: string[];
  /** Clearly worse than `by` in something and better in nothing. */
  dominated: { name: string; by: string; why: string[] }[];
  /** Better than the chosen one in something and worse in something else. */
  tradeoffs: { name: string; better: string[]; worse: string[] }[];
  /** Outside the limits. */
  outside: { name: string; why: string[] }[];
  sentence: string;
}

/** Memory differs when it does by more than 5 %: it is a single peak, without an interval. */
const MEMORY_BAND = 0.05;

/** The first generation setting (else the first setting) and bits per byte (else the first task). */
export function defaultCriteria(comparison: ComparisonData): Criteria {
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
  const { config, metric, task } = criteria;
  return modelNames(comparison).map((name) => {
    const result = task === null ? undefined : comparison.raw.tasks[task][name];
    return {
      name,
      speed: config === null ? null : speedEstimate(comparison, config, metric, name),
      quality: result ? result.metrics[firstMetric(result)] : null,
      memoryGb: (config === null ? null : memoryEstimate(comparison, config, name))?.point ?? null,
    };
  });
}

/** Every pair of models by the verdicts of lib/stats, with intervals that hold together over all pairs. */
export function relations(comparison: ComparisonData, criteria: Criteria): (a: string, b: string) => Relation {
  const { config, metric, task } = criteria;
  const { band, settings, tasks } = comparison.raw;
  const all = candidates(comparison, criteria);
  const pairs = all.length * (all.length - 1) / 2;
  // at least as careful as the summary, so that the two don't contradict each other
  const comparisons = Math.max(1, 2 * pairs, (all.length - 1) * (settings.length + Object.keys(tasks).length));
  const memory = new Map(all.map((c) => [c.name, c.memoryGb]));
  const higherIsBetter = task === null || (primaryMetric(comparison, task)?.higherIsBetter ?? true);
  const both = (at: (level: number) => Estimate | null) => {
    const [wide, narrow] = [at(0.95), at(0.9)];
    return wide && narrow ? { wide, narrow } : null;
  };
  return (a, b) => {
    const speed = config === null
      ? null
      : both((level) => speedRatio(comparison, { config, metric }, a, b, { level, comparisons }));
    const quality = task === null
      ? null
      : both((level) => qualityDifference(comparison, task, a, b, { level, comparisons }));
    const [x, y] = [memory.get(a) ?? null, memory.get(b) ?? null];
    const apart = x !== null && y !== null && Math.abs(x - y) > MEMORY_BAND * Math.max(x, y);
    return {
      speed: speed ? SIGN[speedVerdict(speed, band.speed)] : 0,
      quality: quality ? SIGN[qualityVerdict(quality, { band: band.quality, higherIsBetter })] : 0,
      memory: apart ? (x < y ? 1 : -1) : 0,
    };
  };
}

const SIGN = { faster: 1, better: 1, slower: -1, worse: -1, same: 0, unclear: 0 };

/**
 * Within the limits, the best quality; where quality cannot be told apart, the fastest; where that cannot either, the
 * one named first. Then what is to be said of every other model.
 */
export function decide(
  comparison: ComparisonData,
  limits: Limits = {},
  criteria: Criteria = defaultCriteria(comparison),
): Decision {
  checkChoice(comparison, limits, criteria);
  const higherIsBetter = criteria.task === null || (primaryMetric(comparison, criteria.task)?.higherIsBetter ?? true);
  return decideAmong(candidates(comparison, criteria), relations(comparison, criteria), limits, higherIsBetter);
}

/** The same on plain data. */
export function decideAmong(
  all: Candidate[],
  relation: (a: string, b: string) => Relation,
  limits: Limits,
  higherIsBetter: boolean,
): Decision {
  const outside = all.map((c) => ({ name: c.name, why: misses(c, limits) })).filter((o) => o.why.length);
  const inside = all.filter((c) => !outside.some((o) => o.name === c.name));
  const score = (c: Candidate) => c.quality ? (higherIsBetter ? 1 : -1) * c.quality.point : 0;
  const best = inside.toSorted((a, b) => score(b) - score(a))[0];
  if (!best) {
    const why = outside.map((o) => `${o.name} (${o.why.join(", ")})`).join("; ");
    const sentence = `No model keeps to ${limitsText(limits)}: ${why}.`;
    return { chosen: null, indistinguishable: [], dominated: [], tradeoffs: [], outside, sentence };
  }
  const asGood = inside.filter((c) => c === best || relation(best.name, c.name).quality === 0);
  const fastest = asGood.toSorted((a, b) => (b.speed?.point ?? 0) - (a.speed?.point ?? 0))[0];
  // Of those that nothing tells from the fastest, the one named first: a change needs a reason.
  const chosen = asGood.find((c) => c === fastest || same(relation(c.name, fastest.name)))!.name;

  const decision: Decision = { chosen, indistinguishable: [], dominated: [], tradeoffs: [], outside, sentence: "" };
  for (const { name } of inside) {
    if (name === chosen) continue;
    const own = relation(name, chosen);
    const by = [chosen, ...inside.map((c) => c.name)].find((b) => b !== name && dominates(relation(b, name)));
    if (same(own)) decision.indistinguishable.push(name);
    else if (by) decision.dominated.push({ name, by, why: words(relation(name, by), -1) });
    else decision.tradeoffs.push({ name, better: words(own, 1), worse: words(own, -1) });
  }
  decision.sentence = sentence(decision, limits);
  return decision;
}

function misses(c: Candidate, limits: Limits): string[] {
  const why: string[] = [];
  if (limits.memoryGb !== undefined && c.memoryGb !== null && c.memoryGb > limits.memoryGb) {
    why.push(`${formatNumber(c.memoryGb)} GB`);
  }
  if (limits.decodeTokensPerS !== undefined && c.speed !== null && c.speed.point < limits.decodeTokensPerS) {
    why.push(`${formatNumber(c.speed.point)} tok/s`);
  }
  return why;
}

function same(r: Relation): boolean {
  return r.speed === 0 && r.quality === 0 && r.memory === 0;
}

function dominates(r: Relation): boolean {
  const values = [r.speed, r.quality, r.memory];
  return values.every((v) => v >= 0) && values.some((v) => v > 0);
}

function words(r: Relation, wanted: 1 | -1): string[] {
  const [speed, quality, memory] = wanted === 1 ? ["faster", "better", "smaller"] : ["slower", "worse", "larger"];
  return [
    ...(r.speed === wanted ? [speed] : []),
    ...(r.quality === wanted ? [`${quality} in quality`] : []),
    ...(r.memory === wanted ? [`${memory} in memory`] : []),
  ];
}

/** "at most 1 GB and at least 30 tok/s"; `""` without limits. */
export function limitsText(limits: Limits): string {
  return [
    ...(limits.memoryGb !== undefined ? [`at most ${limits.memoryGb} GB`] : []),
    ...(limits.decodeTokensPerS !== undefined ? [`at least ${limits.decodeTokensPerS} tok/s`] : []),
  ].join(" and ");
}

function sentence(d: Decision, limits: Limits): string {
  const within = limitsText(limits);
  const parts = [`${within ? `Within ${within}, choose` : "Quality first, choose"} ${d.chosen}`];
  if (d.indistinguishable.length) {
    parts.push(
      `${list(d.indistinguishable)} ${d.indistinguishable.length > 1 ? "are" : "is"} indistinguishable from it`,
    );
  }
  for (const { name, by, why } of d.dominated) parts.push(`${name} is dominated by ${by} (${why.join(", ")})`);
  for (const { name, better, worse } of d.tradeoffs) parts.push(`${name} is ${list(better)} but ${list(worse)}`);
  for (const { name, why } of d.outside) parts.push(`${name} is outside the limits (${why.join(", ")})`);
  return parts.join("; ") + ".";
}

function list(names: string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
