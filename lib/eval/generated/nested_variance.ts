/** Variance components of a balanced nested design: samples within seeds within problems. */

export interface NestedVariance {
  mean: number;
  /** Components: between problems, between seeds of a problem, between samples of a seed. Null: cannot be told apart. */
  between: number;
  seeds: number | null;
  samples: number | null;
  /** Of the mean over all; the square root of (between + seeds / S + samples / (S M)) / P. */
  stderr: number;
}

/**
 * The random-effects model y[p][s][m] = mean + problem + seed within problem + sample, from its mean squares (Searle,
 * Casella and McCulloch 1992, Variance Components, chapter 4):
 * E MSP = samples + M seeds + S M between, E MSS = samples + M seeds, E MSE = samples.
 * Where a mean square is below the one within it, the two are pooled by their degrees of freedom: so no component is
 * negative, and the estimates are those of restricted maximum likelihood (Thompson 1962, Annals of Mathematical
 * Statistics 33).
 *
 * With one seed or one sample a component is not to be seen: one seed's lies in `between`, one sample's in `seeds`, and
 * with one of both all is in `between`.
 *
 * @param y Outcomes, shape [problems][seeds][samples], all of one length.
 * @throws {RangeError} For fewer than two problems, or lengths that differ.
 */
export function nestedVariance(y: number[][][]): NestedVariance {
  const P = y.length, S = y[0]?.[0] ? y[0].length : 0, M = S ? y[0][0].length : 0;
  if (P < 2 || M < 1) {
    throw new RangeError(`Cannot split a variance: needs at least 2 problems with outcomes, got ${P}`);
  }
  if (y.some((seeds) => seeds.length !== S || seeds.some((samples) => samples.length !== M))) {
    throw new RangeError(
      `Cannot split a variance: every problem needs the same seeds (${S}) and samples of each (${M})`,
    );
  }
  const seedMeans = y.map((seeds) => seeds.map(average));
  const problemMeans = seedMeans.map(average);
  const mean = average(problemMeans);
  const levels = [
    { df: P * S * (M - 1), squares: sum(y.flatMap((seeds, p) => seeds.map((s, i) => spread(s, seedMeans[p][i])))) },
    { df: P * (S - 1), squares: M * sum(seedMeans.map((means, p) => spread(means, problemMeans[p]))) },
    { df: P - 1, squares: S * M * spread(problemMeans, mean) },
  ];
  const [samples, seeds, problems] = growingMeanSquares(levels);
  const within = seeds ?? samples;
  return {
    mean,
    between: (problems! - (within ?? 0)) / (S * M),
    seeds: seeds === null ? null : (seeds - (samples ?? 0)) / M,
    samples,
    stderr: Math.sqrt(problems! / (P * S * M)),
  };
}

/** Mean squares from the innermost outwards, pooled until none is below the one within it; null without freedom. */
function growingMeanSquares(levels: { df: number; squares: number }[]): (number | null)[] {
  const pools: { df: number; squares: number; members: number[] }[] = [];
  levels.forEach((level, i) => {
    if (level.df === 0) return;
    let pool = { ...level, members: [i] };
    for (let inner = pools.at(-1); inner && inner.squares / inner.df > pool.squares / pool.df; inner = pools.at(-1)) {
      pools.pop();
      pool = {
        df: inner.df + pool.df,
        squares: inner.squares + pool.squares,
        members: [...inner.members, ...pool.members],
      };
    }
    pools.push(pool);
  });
  return levels.map((_, i) => {
    const pool = pools.find(({ members }) => members.includes(i));
    return pool ? pool.squares / pool.df : null;
  });
}

function sum(values: number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function average(values: number[]): number {
  return sum(values) / values.length;
}

function spread(values: number[], centre: number): number {
  return sum(values.map((x) => (x - centre) ** 2));
}
