/** The standard errors of lm-evaluation-harness, formula for formula. */
import { sampleStd } from "./summary.ts";

/** Of a mean: sample standard deviation / sqrt(n) (`mean_stderr`). */
export function lmEvalStderr(values: readonly number[]): number {
  return sampleStd(values) / Math.sqrt(values.length);
}

/**
 * Of a group's mean weighted by size: sqrt(sum((n_i - 1) n_i se_i^2) / (N - T) / N) (`pooled_sample_stderr`).
 *
 * @param tasks Size and stderr of each leaf task.
 */
export function lmEvalGroupStderr(tasks: readonly { n: number; stderr: number }[]): number {
  const N = tasks.reduce((sum, t) => sum + t.n, 0);
  if (N <= tasks.length) {
    throw new RangeError(
      `Cannot pool standard errors: ${tasks.length} tasks have ${N} items together; needs more items than tasks`,
    );
  }
  return Math.sqrt(tasks.reduce((sum, { n, stderr }) => sum + (n - 1) * n * stderr ** 2, 0) / (N - tasks.length) / N);
}
