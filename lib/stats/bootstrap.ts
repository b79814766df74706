/** Cluster bootstrap: whole clusters are drawn, so that items of one cluster stay together. */
import { requireLevel } from "./check.ts";
import type { Estimate } from "./estimate.ts";
import { seededRandom } from "./random.ts";
import { quantile, sampleStd } from "./summary.ts";

export interface BootstrapOptions {
  /** Default 0.95. */
  level?: number;
  /** Default 10,000. */
  resamples?: number;
  /** Default 0. */
  seed?: number;
}

/**
 * Percentile interval of any statistic over clusters (Davison and Hinkley 1997, 3.8). With few clusters it is too
 * narrow (6-8 % misses instead of 5 % at 40): for a mean use a t interval.
 *
 * @param clusters Independent units, each with its items; one-item clusters give the ordinary bootstrap.
 * @param statistic Of all items of the drawn clusters.
 * @throws {RangeError} With fewer than two clusters.
 */
export function bootstrapInterval<T>(
  clusters: readonly (readonly T[])[],
  statistic: (items: T[]) => number,
  options: BootstrapOptions = {},
): Estimate {
  const { level = 0.95, resamples = 10_000, seed = 0 } = options;
  requireLevel("a bootstrap interval", level);
  if (clusters.length < 2) throw new RangeError(`Cannot bootstrap: needs at least 2 clusters, got ${clusters.length}`);
  const random = seededRandom(seed);
  const replicates = Array.from(
    { length: resamples },
    () => statistic(clusters.flatMap(() => clusters[random.integer(clusters.length)])),
  );
  const point = statistic(clusters.flat() as T[]);
  const low = quantile(replicates, (1 - level) / 2), high = quantile(replicates, (1 + level) / 2);
  return {
    point,
    low: Math.min(low, point),
    high: Math.max(high, point),
    level,
    n: clusters.length,
    stderr: sampleStd(replicates),
  };
}
