/** Selective copying. */
import type { Random } from "../../stats/random.ts";
import { type Batch, fillBatch, requireSizes, type SelectiveCopyTask, type TrainingTask } from "./task.ts";

const NOISE = 0, MARK = 1, FIRST_DATA = 2;

/**
 * Data tokens at random places among noise, then a mark for each; at the i-th mark the i-th data token is right. Chance is
 * a random kind of data.
 *
 * @throws {RangeError} If the data do not fit the noise, or there are fewer than two kinds of them.
 */
export function selectiveCopy(task: Omit<SelectiveCopyTask, "kind">): TrainingTask {
  const { vocabSize = 18, noiseTokens = 56, copies = 8 } = task;
  requireSizes("selective_copy", { vocabSize, noiseTokens, copies });
  const kinds = vocabSize - FIRST_DATA, tokens = noiseTokens + copies;
  if (kinds < 2) {
    throw new RangeError(`Cannot make task selective_copy: vocabSize must be at least 4, got ${vocabSize}`);
  }
  if (copies > noiseTokens) {
    throw new RangeError(`Cannot make task selective_copy: ${copies} copies do not fit ${noiseTokens} noiseTokens`);
  }
  const places = Array.from({ length: noiseTokens }, (_, i) => i);
  const batch = (random: Random, sequences: number): Batch =>
    fillBatch(sequences, tokens, copies, ({ ids, rows, targets }) => {
      ids.fill(NOISE, 0, noiseTokens).fill(MARK, noiseTokens);
      const chosen = random.shuffle(places).slice(0, copies).sort((a, b) => a - b);
      for (let i = 0; i < copies; i++) {
        ids[chosen[i]] = FIRST_DATA + random.integer(kinds);
        rows[i] = noiseTokens + i;
        targets[i] = ids[chosen[i]];
      }
    });
  return {
    name: `selective copying, ${copies} of ${noiseTokens} tokens`,
    identity: { kind: "selective_copy", vocabSize, noiseTokens, copies },
    tokens,
    rows: copies,
    vocabSize,
    metric: "accuracy",
    chance: 1 / kinds,
    ceiling: 1,
    trainBatch: batch,
    testBatch: batch,
  };
}
