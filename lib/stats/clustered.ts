/** Means over items that are not independent (clusters), or whose groups are fixed (strata). */
import { requireData } from "./check.ts";
import type { Estimate } from "./estimate.ts";
import { type LevelOptions, tInterval } from "./mean_interval.ts";
import { mean } from "./summary.ts";

type WithBounds = Estimate & { low: number; high: number; stderr: number };

function groups(what: string, values: readonly number[], keys: readonly (string | number)[]): number[][] {
  requireData(what, values, 2);
  if (keys.length !== values.length) {
    throw new RangeError(
      `Cannot compute ${what}: ${values.length} values have ${keys.length} keys; give one key a value`,
    );
  }
  const map = new Map<string | number, number[]>();
  values.forEach((x, i) => map.get(keys[i])?.push(x) ?? map.set(keys[i], [x]));
  return [...map.values()];
}

/**
 * Cluster-robust mean: stderr^2 = G / (G - 1) * sum over clusters of (sum of residuals)^2 / N^2
 * (Liang and Zeger 1986 for a mean; Miller 2024, "Adding error bars to evals", eq. 4, has it without G / (G - 1)).
 * With every item its own cluster it is the ordinary stderr. The t interval has G - 1 degrees of freedom.
 *
 * For a paired difference of two models give the differences item by item.
 *
 * @param clusters One key a value, e.g. HellaSwag's `source_id`.
 * @throws {RangeError} With fewer than two clusters.
 */
export function clusteredMean(
  values: readonly number[],
  clusters: readonly (string | number)[],
  options: LevelOptions = {},
): WithBounds {
  const sets = groups("a clustered mean", values, clusters);
  const G = sets.length;
  if (G < 2) throw new RangeError(`Cannot compute a clustered mean: needs at least 2 clusters, got ${G}`);
  const point = mean(values);
  const squares = sets.map((set) => set.reduce((sum, x) => sum + x - point, 0) ** 2);
  const stderr = Math.sqrt(G / (G - 1) * squares.reduce((a, b) => a + b, 0)) / values.length;
  return tInterval(point, stderr, G - 1, G, options);
}

/**
 * A ratio of sums, e.g. all bits over all bytes, with clusters as the unit: the interval is that of the ratio estimator,
 * from the residuals numerator - ratio * denominator (Cochran 1977, section 6.3), summed by cluster. Units count by
 * their denominator.
 *
 * @param clusters One key a unit.
 * @throws {RangeError} With fewer than two clusters, or a sum of denominators that is not positive.
 */
export function clusteredRatio(
  numerators: readonly number[],
  denominators: readonly number[],
  clusters: readonly (string | number)[],
  options: LevelOptions = {},
): WithBounds {
  const whole = denominators.reduce((a, b) => a + b, 0), n = numerators.length;
  if (denominators.length !== n || !(whole > 0)) {
    throw new RangeError(
      `Cannot compute a ratio: ${n} numerators need as many denominators with a positive sum, got ` +
        `${denominators.length} with sum ${whole}`,
    );
  }
  const ratio = numerators.reduce((a, b) => a + b, 0) / whole;
  // their mean is the ratio itself
  return clusteredMean(numerators.map((x, i) => ratio + (x - ratio * denominators[i]) * n / whole), clusters, options);
}

/**
 * Mean over fixed strata (MMLU's subjects), each weighted by its items: only the spread within strata counts, pooled:
 * stderr^2 = sum of squared residuals from the stratum's mean / (N - T) / N, T strata. It equals lm-eval's stderr of
 * a group.
 *
 * @param strata One key a value.
 * @throws {RangeError} If no stratum has two items: there is no spread within to see.
 */
export function stratifiedMean(
  values: readonly number[],
  strata: readonly (string | number)[],
  options: LevelOptions = {},
): WithBounds {
  const sets = groups("a stratified mean", values, strata);
  const N = values.length, T = sets.length;
  if (N === T) {
    throw new RangeError(
      `Cannot compute a stratified mean: each of the ${T} strata has one item; at least one needs two`,
    );
  }
  const squares = sets.map((set) => {
    const centre = mean(set);
    return set.reduce((sum, x) => sum + (x - centre) ** 2, 0);
  });
  const stderr = Math.sqrt(squares.reduce((a, b) => a + b, 0) / (N - T) / N);
  return tInterval(mean(values), stderr, N - T, N, options);
}
