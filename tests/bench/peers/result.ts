/** From the samples of a work to its result: ratios with intervals, goals, checks. */
import type { Environment } from "../../../lib/measure/environment.ts";
import { exponentialInterval } from "../../../lib/stats/mean_interval.ts";
import { blockLogRatios, type PairedSample } from "../../../lib/stats/ratio.ts";
import { mean, median } from "../../../lib/stats/summary.ts";
import type { BenchModel } from "./models.ts";
import type { RoundSample, RoundsOutcome } from "./rounds.ts";
import { type Check, type Goal, of, type Plan, type Work } from "./work.ts";

export interface Ratio extends Goal {
  point: number;
  /** 95 % interval over blocks; null with fewer than two. */
  low: number | null;
  high: number | null;
  blocks: number;
  /** The limit over `against`, where the goal names a limit and it was measured: no ratio can be above. */
  cap: number | null;
  /** What counts: `least`, or the share of the limit where that is lower. Null without a goal. */
  wanted: number | null;
  /** The whole interval is at or above what is wanted, below it, or on both sides. */
  goal: "met" | "missed" | "unclear" | null;
}

export interface WorkResult {
  /** The model's name in the catalog. */
  model: string;
  /** Of the work. */
  name: string;
  title: string;
  unit: string;
  startedAt: string;
  minutes: number;
  rounds: number;
  /** Median of each contestant's values. */
  speeds: { name: string; median: number; values: number[] }[];
  ratios: Ratio[];
  checks: Check[];
  facts: string[];
  missing: { name: string; reason: string }[];
  peakMemoryMb: Record<string, number>;
  versions: Record<string, string>;
  environment: Environment;
}

/** Pairs of two contestants in the rounds in which both ran. */
function pairs(samples: RoundSample[], candidate: string, baseline: string): PairedSample[] {
  const theirs = of(samples, baseline);
  return of(samples, candidate).flatMap(({ block, round, value }) => {
    const other = theirs.find((s) => s.round === round);
    return other ? [{ block, candidate: value, baseline: other.value }] : [];
  });
}

/** The ratio of a goal with its verdict; null where one of the two never ran. */
export function ratioOf(samples: RoundSample[], goal: Goal): Ratio | null {
  const units = blockLogRatios(pairs(samples, goal.ours, goal.against));
  if (units.length === 0) return null;
  const { limit, share } = goal.orShareOf ?? {};
  const caps = limit === undefined ? [] : blockLogRatios(pairs(samples, limit, goal.against));
  const cap = caps.length ? Math.exp(mean(caps)) : null;
  const wanted = goal.least !== null && cap !== null && share !== undefined
    ? Math.min(goal.least, share * cap)
    : goal.least;
  const interval = units.length < 2 ? { point: Math.exp(units[0]), low: null, high: null } : exponentialInterval(units);
  const { point, low, high } = interval;
  const verdict = wanted === null
    ? null
    : low !== null && low >= wanted
    ? "met"
    : high !== null && high < wanted
    ? "missed"
    : "unclear";
  return { ...goal, point, low, high, blocks: units.length, cap, wanted, goal: verdict };
}

export function resultOf(
  { name, title, unit }: Work,
  model: BenchModel,
  plan: Plan,
  { samples, missing, versions, peakMemoryMb, minutes }: RoundsOutcome,
  environment: Environment,
  startedAt: Date,
): WorkResult {
  const speeds = plan.contestants.flatMap((c) => {
    const values = of(samples, c.name).map((s) => s.value);
    return values.length ? [{ name: c.name, median: median(values), values }] : [];
  });
  return {
    model: model.ref,
    name,
    title: title(model),
    unit,
    startedAt: startedAt.toISOString(),
    minutes,
    rounds: new Set(samples.map((s) => s.round)).size,
    speeds,
    ratios: plan.goals.flatMap((goal) => ratioOf(samples, goal) ?? []),
    checks: plan.checks(samples),
    facts: plan.facts(samples),
    missing,
    peakMemoryMb,
    versions,
    environment,
  };
}
