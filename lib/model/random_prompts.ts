/** Seeded random prompts for timing: the cost of a token does not depend on which one it is. */
import { seededRandom } from "../stats/random.ts";

/** Token ids, uniform over the vocabulary, [batch][tokens]; the same seed gives the same ids. */
export function randomPrompts(vocabSize: number, batch: number, tokens: number, seed: number): number[][] {
  const random = seededRandom(seed);
  return Array.from({ length: batch }, () => Array.from({ length: tokens }, () => random.integer(vocabSize)));
}
