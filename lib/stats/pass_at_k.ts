/** pass@k: the chance that at least one of k samples solves a problem, estimated from n samples a problem. */
import { LEVEL } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { integer, list, withFields } from "../check/rules.ts";
import { tQuantile } from "./distributions.ts";
import type { Estimate } from "./estimate.ts";
import { lmEvalStderr } from "./lm_eval_stderr.ts";
import { wilsonInterval } from "./proportion.ts";
import { mean } from "./summary.ts";

/** One problem: how many samples were run, and how many of them passed. */
export interface ProblemSamples {
  n: number;
  c: number;
}

/**
 * The unbiased estimate of one problem, 1 - C(n - c, k) / C(n, k), as the product 1 - prod (1 - k / i) over i from
 * n - c + 1 to n (Chen et al. 2021, "Evaluating large language models trained on code", eq. 1 and figure 3).
 *
 * @param n Samples of the problem.
 * @param c Samples that passed.
 * @throws {RangeError} If k is larger than n, or the numbers are not counts.
 * @example Two of five passed
 * ```ts
 * import assert from "node:assert/strict";
 * import { passAtK } from "./pass_at_k.ts";
 *
 * assert.equal(passAtK(5, 2, 3), 0.9); // only one of the ten triples holds neither
 * ```
 */
export function passAtK(n: number, c: number, k: number): number {
  if (![n, c, k].every(Number.isInteger) || c < 0 || c > n || k < 1) {
    throw new RangeError(`Cannot compute pass@${k}: needs whole numbers 0 <= c <= n and k >= 1, got c ${c}, n ${n}`);
  }
  if (k > n) {
    throw new RangeError(`Cannot compute pass@${k} from ${n} samples a problem; take at least ${k}, better ${2 * k}`);
  }
  if (n - c < k) return 1;
  let none = 1;
  for (let i = n - c + 1; i <= n; i++) none *= 1 - k / i;
  return 1 - none;
}

const COUNT = integer({ min: 0 });

/**
 * Whether pass@k should have more samples a problem than n: with k near n each problem's estimate is nearly 0 or 1.
 */
export function wantsMoreSamples(n: number, k: number): boolean {
  checkArgument("Cannot judge the samples", "n", n, COUNT);
  checkArgument("Cannot judge the samples", "k", k, COUNT);
  return k > 1 && n < 2 * k;
}

export const PASS_AT_K_OPTIONS = object<{ level?: number }>({ level: optional(LEVEL) });
const PROBLEMS = list(withFields<ProblemSamples>("a problem { n, c }", "n", "c"));

/**
 * Mean of pass@k over problems. The problems are what was drawn: samples of one problem are alike, so they never count
 * as items.
 *
 * The interval is Student's t over the problems and two more, one always solved and one never, as Agresti and Coull
 * (1998) do for a proportion: so it keeps its coverage near 0 and 1, where the plain t interval of so skewed values
 * misses up to 18 % (`tests/stats/pass_at_k_test.ts`), and never collapses. At none and at all it is Wilson's of the
 * problems. `stderr` is lm-eval's, sd / sqrt(problems); none with one problem.
 *
 * @throws {RangeError} Without problems, or if k is larger than the samples of one.
 */
export function passAtKEstimate(
  problems: readonly ProblemSamples[],
  k: number,
  options: { level?: number } = {},
): Estimate & { low: number; high: number } {
  checkOptions(`Cannot compute pass@${k}`, options, PASS_AT_K_OPTIONS);
  checkArgument(`Cannot compute pass@${k}`, "problems", problems, PROBLEMS);
  const { level = 0.95 } = options;
  if (problems.length === 0) throw new RangeError(`Cannot compute pass@${k}: there are no problems`);
  const values = problems.map(({ n, c }) => passAtK(n, c, k));
  const N = values.length, point = mean(values);
  const stderr = N > 1 ? { stderr: lmEvalStderr(values) } : {};
  if (point === 0 || point === 1) return { ...wilsonInterval(N * point, N, { level }), ...stderr };
  const widened = [...values, 0, 1];
  const half = tQuantile(0.5 + level / 2, N + 1) * lmEvalStderr(widened);
  return {
    point,
    low: Math.max(0, Math.min(point, mean(widened) - half)),
    high: Math.min(1, Math.max(point, mean(widened) + half)),
    level,
    n: N,
    ...stderr,
  };
}
