/** From judged programs to pass@k: of one problem, and of a task with its interval. */
import type { Estimate } from "../../stats/estimate.ts";
import { passAtK, passAtKEstimate } from "../../stats/pass_at_k.ts";
import type { EvalItem } from "../types.ts";

/** The k of "pass@k"; null for any other metric. */
export function kOfMetric(metric: string): number | null {
  const match = /^pass@([1-9]\d*)$/.exec(metric);
  return match ? Number(match[1]) : null;
}

/** pass@k of one problem, what pairs two models by item; null where the item has no programs, or fewer than k. */
export function passOfItem(item: EvalItem, metric: string): number | null {
  const k = kOfMetric(metric);
  if (k === null || !item.samples || item.samples.length < k) return null;
  const { n, c } = counts(item);
  return passAtK(n, c, k);
}

/**
 * Each pass@k over all problems. The problem is the unit of the interval, however many programs it has.
 *
 * @param items Of a generated task, each with at least as many programs as the largest k.
 */
export function passMetrics(items: EvalItem[], k: number[], level: number): Record<string, Estimate> {
  const problems = items.map(counts);
  return Object.fromEntries(k.map((k) => [`pass@${k}`, passAtKEstimate(problems, k, { level })]));
}

function counts({ samples = [] }: EvalItem): { n: number; c: number } {
  return { n: samples.length, c: samples.filter((s) => s.verdict === "passed").length };
}
