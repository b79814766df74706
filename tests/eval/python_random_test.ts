// Expected values: CPython 3.11, random.Random(1234).
import assert from "node:assert/strict";
import { PythonRandom } from "../../lib/eval/python_random.ts";

Deno.test("PythonRandom gives CPython's words and fractions", () => {
  const words = new PythonRandom(1234);
  assert.deepEqual([1, 2, 3, 4].map(() => words.bits(32)), [4150886329, 3342196574, 1892932127, 501869158]);
  const fractions = new PythonRandom(1234);
  assert.deepEqual([1, 2].map(() => fractions.random()), [0.9664535356921388, 0.4407325991753527]);
});

Deno.test("PythonRandom.sample() draws lm-eval's few-shot rows, document after document", () => {
  const draws = (n: number, k: number, times: number) => {
    const random = new PythonRandom(1234);
    return Array.from({ length: times }, () => random.sample(n, k));
  };
  assert.deepEqual(draws(39905, 6, 3), [ // hellaswag, 5 shots of the train split
    [28883, 7657, 490, 5940, 38156, 2288],
    [5500, 6450, 23241, 15519, 1142, 2019],
    [1038, 22681, 31735, 30379, 9735, 5982],
  ]);
  assert.deepEqual(draws(2251, 5, 3), [ // arc_easy, 5 shots
    [1805, 478, 30, 371, 143],
    [343, 403, 1452, 969, 71],
    [126, 64, 1417, 1983, 1898],
  ]);
  const random = new PythonRandom(1234);
  const small = [1, 2, 3].map(() => random.sample(10, 3)); // from a list, not a set
  assert.deepEqual(small, [[7, 1, 0], [1, 0, 9], [1, 5, 3]]);
  assert.deepEqual(random.sample(100, 6), [2, 3, 44, 82, 79, 61]);
  assert.deepEqual(new PythonRandom(2 ** 32 - 1).sample(39905, 6), [13316, 14112, 39804, 34235, 19092, 39521]);
});

Deno.test("PythonRandom refuses what it cannot do", () => {
  assert.throws(() => new PythonRandom(-1), /got -1/);
  assert.throws(() => new PythonRandom(0).sample(3, 4), /Cannot sample 4 of 3/);
});
