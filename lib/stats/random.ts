/** Seeded random numbers, so that an order, a prompt or a resample can be repeated. */

/** A stream of random numbers; the same seed gives the same stream on every machine. */
export interface Random {
  /** Uniform in [0, 1), 53 bits. */
  next(): number;
  /** Uniform integer in [0, below). */
  integer(below: number): number;
  /** Standard normal (Box and Muller). */
  normal(): number;
  /** A shuffled copy (Fisher and Yates); every order is equally likely. */
  shuffle<T>(items: readonly T[]): T[];
}

/**
 * The generator sfc32 (Chris Doty-Humphrey, PractRand), seeded through splitmix32.
 * Not for secrets.
 *
 * @param seed An integer; only its low 32 bits count.
 * @throws {RangeError} If `seed` is not an integer.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { seededRandom } from "./random.ts";
 *
 * assert.deepEqual(seededRandom(7).shuffle([1, 2, 3]), seededRandom(7).shuffle([1, 2, 3]));
 * ```
 */
export function seededRandom(seed: number): Random {
  if (!Number.isInteger(seed)) throw new RangeError(`Cannot seed random numbers: seed must be an integer, got ${seed}`);
  let state = seed | 0;
  const mix = () => { // splitmix32
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return z ^ (z >>> 16);
  };
  let a = mix(), b = mix(), c = mix(), counter = 1;
  const bits = () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) bits();
  const next = () => ((bits() >>> 5) * 2 ** 26 + (bits() >>> 6)) / 2 ** 53;
  const integer = (below: number) => Math.floor(next() * below);
  return {
    next,
    integer,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    shuffle<T>(items: readonly T[]) {
      const out = [...items];
      for (let i = out.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        [out[i], out[j]] = [out[j], out[i]];
      }
      return out;
    },
  };
}
