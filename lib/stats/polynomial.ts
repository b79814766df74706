/** Polynomials of low degree: values, least squares, and where they cross zero. Coefficients run from the constant up. */
import { bisect } from "./beta.ts";

export function polynomialAt(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((sum, c) => sum * x + c, 0);
}

/**
 * The matrix that turns values at `x` into the coefficients of their weighted least-squares polynomial: a fit is linear
 * in the values, so one matrix serves every set of values at the same places.
 *
 * @param weights Of the squared residuals; as long as `x`.
 * @returns Shape [degree + 1][x.length].
 * @throws {RangeError} If there are fewer distinct places than coefficients.
 */
export function leastSquaresMatrix(x: readonly number[], degree: number, weights: readonly number[]): number[][] {
  const distinct = new Set(x).size;
  if (distinct <= degree) {
    throw new RangeError(
      `Cannot fit a polynomial of degree ${degree}: needs at least ${degree + 1} distinct lengths, got ${distinct}`,
    );
  }
  // Powers of x / scale, so that the columns are of one size; orthogonalised twice (modified Gram-Schmidt).
  const scale = Math.max(...x.map(Math.abs)), roots = weights.map(Math.sqrt);
  const columns = Array.from({ length: degree + 1 }, (_, p) => x.map((v, i) => roots[i] * (v / scale) ** p));
  const q: number[][] = [], r: number[][] = columns.map(() => Array(degree + 1).fill(0));
  columns.forEach((column, j) => {
    let rest = column;
    for (let pass = 0; pass < 2; pass++) {
      q.forEach((unit, i) => {
        const along = dot(unit, rest);
        r[i][j] += along;
        rest = rest.map((v, k) => v - along * unit[k]);
      });
    }
    r[j][j] = Math.sqrt(dot(rest, rest));
    q.push(rest.map((v) => v / r[j][j]));
  });
  const matrix: number[][] = q.map(() => []);
  for (let i = degree; i >= 0; i--) { // R c = Q' sqrt(w) y, from the last coefficient up
    matrix[i] = q[i].map((v, k) => {
      let value = v * roots[k];
      for (let j = i + 1; j <= degree; j++) value -= r[i][j] * matrix[j][k];
      return value / r[i][i];
    });
  }
  return matrix.map((row, p) => row.map((v) => v / scale ** p));
}

/**
 * Where a continuous function changes its sign on [0, 2000 scale), in order.
 *
 * @param scale A length of the problem's size: half of the places that are looked at lie below it.
 * @param extra Further places to look at, so that a narrow dip is not stepped over.
 */
export function signChanges(f: (x: number) => number, scale: number, extra: readonly number[] = []): number[] {
  const steps = 2000;
  const grid = Array.from({ length: steps }, (_, i) => scale * i / (steps - i)); // 0 to scale * (steps - 1)
  const places = [...grid, ...extra].sort((a, b) => a - b);
  const changes: number[] = [];
  for (let i = 1; i < places.length; i++) {
    const [from, to] = [places[i - 1], places[i]], rising = f(to) >= 0;
    if ((f(from) >= 0) !== rising) changes.push(bisect((x) => rising ? f(x) : -f(x), from, to));
  }
  return changes;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, v, i) => sum + v * b[i], 0);
}
