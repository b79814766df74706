/** Multi-query associative recall. */
import type { Random } from "../../stats/random.ts";
import { type Batch, fillBatch, type MqarTask, requireSizes, type TrainingTask } from "./task.ts";

/** Exponent of the power law that keys are asked by: most soon after the pairs, some late (Arora et al. 2023, C.1). */
const POWER = 0.01;

/**
 * k1 v1 k2 v2 ..., then each key once more at an even place, with random tokens between; after each such key its last
 * value is right. Chance is a random one of the sequence's values.
 *
 * @throws {RangeError} If the pairs and their questions do not fit the tokens, or the keys the vocabulary.
 */
export function mqar({ vocabSize = 128, tokens = 64, pairs = 8, rewrites = 0 }: Omit<MqarTask, "kind">): TrainingTask {
  requireSizes("mqar", { vocabSize, tokens, pairs });
  requireSizes("mqar", { rewrites }, 0);
  const keys = Math.floor(vocabSize / 2), told = 2 * (pairs + rewrites), places = Math.floor((tokens - told) / 2);
  if (pairs > keys) {
    throw new RangeError(
      `Cannot make task mqar: ${pairs} pairs need ${pairs} keys, vocabSize ${vocabSize} has ${keys}`,
    );
  }
  if (rewrites > pairs) {
    throw new RangeError(`Cannot make task mqar: rewrites must be at most the pairs, ${pairs}, got ${rewrites}`);
  }
  if (pairs > places) {
    throw new RangeError(
      `Cannot make task mqar: ${pairs + rewrites} pairs and ${pairs} questions need ${
        told + 2 * pairs
      } tokens, got ${tokens}`,
    );
  }
  const weights = Array.from({ length: places }, (_, i) => POWER * (i + 1) ** (POWER - 1));
  const batch = (random: Random, sequences: number): Batch =>
    fillBatch(sequences, tokens, pairs, ({ ids, rows, targets }) => {
      for (let i = told; i < tokens; i++) ids[i] = random.integer(vocabSize);
      const chosen = distinct(random, keys, pairs), asked = weighted(random, weights, pairs);
      const tell = (place: number, pair: number) => {
        ids[2 * place] = chosen[pair];
        targets[pair] = ids[2 * place + 1] = keys + random.integer(vocabSize - keys);
      };
      for (let i = 0; i < pairs; i++) {
        tell(i, i);
        rows[i] = told + 2 * asked[i];
        ids[rows[i]] = chosen[i];
      }
      for (const [i, pair] of distinct(random, pairs, rewrites).entries()) tell(pairs + i, pair);
    });
  return {
    name: `MQAR, ${pairs} pairs${rewrites ? `, ${rewrites} rewritten,` : ""} in ${tokens} tokens`,
    identity: { kind: "mqar", vocabSize, tokens, pairs, rewrites, power: POWER },
    tokens,
    rows: pairs,
    vocabSize,
    metric: "accuracy",
    chance: 1 / (pairs + rewrites),
    ceiling: 1,
    trainBatch: batch,
    testBatch: batch,
  };
}

/** `n` different numbers below `below`, in random order (Floyd's sampling, then a shuffle). */
function distinct(random: Random, below: number, n: number): number[] {
  const chosen = new Set<number>();
  for (let i = below - n; i < below; i++) {
    const x = random.integer(i + 1);
    chosen.add(chosen.has(x) ? i : x);
  }
  return random.shuffle([...chosen]);
}

/** `n` different places, drawn one after the other in proportion to their weights (Efraimidis and Spirakis 2006). */
function weighted(random: Random, weights: number[], n: number): number[] {
  const keyed = weights.map((weight, place) => ({ place, key: Math.log(1 - random.next()) / weight }));
  return keyed.sort((a, b) => b.key - a.key).slice(0, n).map(({ place }) => place);
}
