/** The regularised incomplete beta function: the t, binomial and beta distributions all come from it. */

/** ln Gamma(x) for x > 0: Lanczos's approximation with g = 7, 9 terms (Godfrey's coefficients), about 1e-15 relative. */
export function logGamma(x: number): number {
  const c = [
    0.99999999999980993,
    676.5203681218851,
    -1259.1392167224028,
    771.32342877765313,
    -176.61502916214059,
    12.507343278686905,
    -0.13857109526572012,
    9.9843695780195716e-6,
    1.5056327351493116e-7,
  ];
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const t = x + 6.5;
  let sum = c[0];
  for (let i = 1; i < 9; i++) sum += c[i] / (x - 1 + i);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/**
 * I_x(a, b), by its continued fraction with the modified Lentz method (Press et al., Numerical Recipes, 6.4).
 * Accurate to about 1e-12 for a and b up to some thousands.
 *
 * @throws {RangeError} If a or b is not positive or x lies outside [0, 1].
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (!(a > 0 && b > 0 && x >= 0 && x <= 1)) {
    throw new RangeError(`Cannot compute I_x(a, b): needs a, b > 0 and x in [0, 1], got x ${x}, a ${a}, b ${b}`);
  }
  if (x === 0 || x === 1) return x;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  const away = (v: number) => Math.abs(v) < 1e-300 ? 1e-300 : v;
  let c = 1, d = 1 / away(1 - (a + b) * x / (a + 1)), fraction = d;
  for (let m = 1; m < 10_000; m++) {
    for (
      const term of [
        m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
        -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
      ]
    ) {
      d = 1 / away(1 + term * d);
      c = away(1 + term / c);
      fraction *= c * d;
    }
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return front * fraction;
}

/** The p quantile of Beta(a, b), by bisection. */
export function betaQuantile(p: number, a: number, b: number): number {
  return bisect((x) => incompleteBeta(x, a, b) - p, 0, 1);
}

/** The root of an increasing function between `low` and `high`, to the last bit. */
export function bisect(f: (x: number) => number, low: number, high: number): number {
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (f(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
