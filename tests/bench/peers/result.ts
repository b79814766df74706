/** From the samples of a work to its result: ratios with intervals, goals, checks. */
import type { Environment } from "../../../lib/measure/environment.ts";
import { ratioOverBlocks } from "../../../lib/stats/ratio.ts";
import { median } from "../../../lib/stats/summary.ts";
import type { RoundSample, RoundsOutcome } from "./rounds.ts";
import { type Check, type Goal, of, type Plan, type Work } from "./work.ts";

export interface Ratio extends Goal {
  point: number;
  /** 95 % interval over blocks; null with fewer than two. */
  low: number | null;
  high: number | null;
  blocks: number;
  /** The whole interval is at or above the goal, below it, or on both sides. */
  goal: "met" | "missed" | "unclear" | null;
}

export interface WorkResult {
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

export function ratioOf(samples: RoundSample[], goal: Goal): Ratio | null {
  const theirs = of(samples, goal.against);
  const pairs = of(samples, goal.ours).flatMap(({ block, round, value }) => {
    const other = theirs.find((s) => s.round === round);
    return other ? [{ block, candidate: value, baseline: other.value }] : [];
  });
  const blocks = new Set(pairs.map((p) => p.block)).size;
  if (blocks === 0) return null;
  if (blocks === 1) {
    const point = Math.exp(
      pairs.reduce((n, p) => n + Math.log(p.candidate / p.baseline), 0) /
        pairs.length,
    );
    return {
      ...goal,
      point,
      low: null,
      high: null,
      blocks,
      goal: goal.least === null ? null : "unclear",
    };
  }
  const { point, low, high } = ratioOverBlocks(pairs);
  const verdict = goal.least === null ? null : low >= goal.least ? "met" : high < goal.least ? "missed" : "unclear";
  return { ...goal, point, low, high, blocks, goal: verdict };
}

export function resultOf(
  { name, title, unit }: Work,
  plan: Plan,
  { samples, missing, versions, peakMemoryMb }: RoundsOutcome,
  environment: Environment,
  startedAt: Date,
): WorkResult {
  const speeds = plan.contestants.flatMap((c) => {
    const values = of(samples, c.name).map((s) => s.value);
    return values.length ? [{ name: c.name, median: median(values), values }] : [];
  });
  return {
    name,
    title,
    unit,
    startedAt: startedAt.toISOString(),
    minutes: (Date.now() - startedAt.getTime()) / 60_000,
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
