/** CPython's `random.Random`, as far as lm-eval's few-shot draws need it: the same seed draws the same examples. */

const N = 624, M = 397;

/**
 * The Mersenne Twister MT19937 (Matsumoto and Nishimura 1998), seeded as CPython seeds it from an integer.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { PythonRandom } from "./python_random.ts";
 *
 * assert.deepEqual(new PythonRandom(1234).sample(10, 3), [7, 1, 0]);
 * ```
 */
export class PythonRandom {
  readonly #state = new Uint32Array(N);
  #next = N;

  /** @param seed An integer from 0 to 2^32 - 1. */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
      throw new RangeError(`Cannot seed: the seed must be an integer from 0 to 2^32 - 1, got ${seed}`);
    }
    this.#initByArray([seed]);
  }

  /** `getrandbits(k)` for 1 <= k <= 32. */
  bits(k: number): number {
    return this.#word() >>> (32 - k);
  }

  /** `random()`: uniform in [0, 1), 53 bits. */
  random(): number {
    const high = this.#word() >>> 5, low = this.#word() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** `sample(range(n), k)`: k different indexes below n. */
  sample(n: number, k: number): number[] {
    if (!(Number.isInteger(k) && k >= 0 && k <= n)) {
      throw new RangeError(`Cannot sample ${k} of ${n}: pass an integer from 0 to ${n}`);
    }
    // CPython takes a list of all indexes where that is smaller than a set of the drawn ones.
    const setSize = 21 + (k > 5 ? 4 ** Math.ceil(Math.log(k * 3) / Math.log(4)) : 0);
    if (n > setSize) {
      const drawn = new Set<number>();
      while (drawn.size < k) drawn.add(this.#below(n));
      return [...drawn];
    }
    const pool = Array.from({ length: n }, (_, i) => i);
    return Array.from({ length: k }, (_, i) => {
      const j = this.#below(n - i);
      const picked = pool[j];
      pool[j] = pool[n - i - 1];
      return picked;
    });
  }

  #below(n: number): number {
    const k = 32 - Math.clz32(n);
    let r = this.bits(k);
    while (r >= n) r = this.bits(k);
    return r;
  }

  #initByArray(key: number[]): void {
    const s = this.#state;
    s[0] = 19650218;
    for (let i = 1; i < N; i++) s[i] = Math.imul(1812433253, s[i - 1] ^ (s[i - 1] >>> 30)) + i;
    let i = 1;
    const step = (factor: number, add: number, sign: 1 | -1) => {
      s[i] = (s[i] ^ Math.imul(s[i - 1] ^ (s[i - 1] >>> 30), factor)) + sign * add;
      if (++i === N) {
        s[0] = s[N - 1];
        i = 1;
      }
    };
    for (let k = 0; k < N; k++) step(1664525, key[k % key.length] + k % key.length, 1);
    for (let k = 1; k < N; k++) step(1566083941, i, -1);
    s[0] = 0x80000000;
  }

  #word(): number {
    if (this.#next === N) this.#twist();
    let y = this.#state[this.#next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #twist(): void {
    const s = this.#state;
    for (let i = 0; i < N; i++) {
      const y = (s[i] & 0x80000000) | (s[(i + 1) % N] & 0x7fffffff);
      s[i] = s[(i + M) % N] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#next = 0;
  }
}
