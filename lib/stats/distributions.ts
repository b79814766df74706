/** Distribution functions and quantiles of the normal, Student's t and the binomial, to about 1e-10. */
import { bisect, incompleteBeta } from "./beta.ts";

/** P(Z <= z): the series around 0 (Marsaglia 2004), in the tails the continued fraction of Mills's ratio. */
export function normalCdf(z: number): number {
  const density = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
  if (Math.abs(z) < 3) {
    let term = z, sum = z;
    for (let k = 3; Math.abs(term) > 1e-18 && k < 200; k += 2) sum += term *= z * z / k;
    return 0.5 + density * sum;
  }
  const x = Math.abs(z);
  let fraction = x;
  for (let k = 150; k > 0; k--) fraction = x + k / fraction;
  return z < 0 ? density / fraction : 1 - density / fraction;
}

/** The z with P(Z <= z) = p. */
export function normalQuantile(p: number): number {
  requireProbability("a normal quantile", p);
  return p > 0.5 ? -normalQuantile(1 - p) : bisect((z) => normalCdf(z) - p, -40, 0);
}

/** P(T <= t) of Student's t; `df` need not be whole. */
export function tCdf(t: number, df: number): number {
  if (!(df > 0)) throw new RangeError(`Cannot compute Student's t: degrees of freedom must be positive, got ${df}`);
  const tail = incompleteBeta(df / (df + t * t), df / 2, 0.5) / 2;
  return t < 0 ? tail : 1 - tail;
}

const tQuantiles = new Map<string, number>();

/** From so many degrees of freedom on Student's t is the normal distribution to eight digits. */
const NORMAL_DF = 1e8;

/** The t with P(T <= t) = p. Values are remembered: interval after interval asks for the same one. */
export function tQuantile(p: number, df: number): number {
  requireProbability("a quantile of Student's t", p);
  if (!(df > 0)) throw new RangeError(`Cannot compute Student's t: degrees of freedom must be positive, got ${df}`);
  if (p === 0.5) return 0;
  if (df > NORMAL_DF) return normalQuantile(p);
  if (p > 0.5) return -tQuantile(1 - p, df);
  const key = `${p} ${df}`;
  let t = tQuantiles.get(key);
  if (t === undefined) {
    let low = -1;
    while (tCdf(low, df) > p) low *= 2;
    t = bisect((x) => tCdf(x, df) - p, low, 0);
    if (tQuantiles.size > 1000) tQuantiles.clear();
    tQuantiles.set(key, t);
  }
  return t;
}

/** P(X <= k) of Binomial(n, p). */
export function binomialCdf(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  return k >= n ? 1 : incompleteBeta(1 - p, n - Math.floor(k), Math.floor(k) + 1);
}

function requireProbability(what: string, p: number): void {
  if (!(p > 0 && p < 1)) throw new RangeError(`Cannot compute ${what}: p must lie between 0 and 1, got ${p}`);
}
