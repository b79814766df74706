/** What siblings are trained on: sequences made from a seed, of which some tokens must be predicted. */
import { byKind, optional } from "../../check/objects.ts";
import { integer } from "../../check/rules.ts";
import { type Random, seededRandom } from "../../stats/random.ts";

/** Multi-query associative recall (Arora et al. 2023, arXiv 2312.04927): key-value pairs, then keys to be answered. */
export interface MqarTask {
  kind: "mqar";
  /** Half of the ids are keys, half values. Default 128. */
  vocabSize?: number;
  /** Of a sequence. Default 64. */
  tokens?: number;
  /** Pairs to be remembered, all of whose keys are asked for. Default 8. */
  pairs?: number;
  /**
   * Of them so many get a second value behind all pairs, which alone is right then: what is known must be replaced, as in
   * Schlag et al. 2021 (arXiv 2102.11174, section 6.1.2). Default 0.
   */
  rewrites?: number;
}

/** Selective copying (Gu and Dao 2023, arXiv 2312.00752, section 3.1): tokens among noise, to be repeated in order. */
export interface SelectiveCopyTask {
  kind: "selective_copy";
  /** Noise, a mark for each answer, and data. Default 18: 16 kinds of data. */
  vocabSize?: number;
  /** Of the part with data and noise. Default 56. */
  noiseTokens?: number;
  /** Data tokens in it. Default 8. */
  copies?: number;
}

/** Bytes of the source texts of Python's standard library (PSF licence), as they are installed on this machine. */
export interface TextTask {
  kind: "text";
  /** Of a sequence. Default 128. */
  tokens?: number;
}

/** A task by its name and sizes; plain JSON. */
export type TaskSpec = MqarTask | SelectiveCopyTask | TextTask;

const SIZE = optional(integer({ min: 1, max: 2 ** 20 }));
/** The fields of a task; which sizes fit one another, the tasks say. */
export const TASK_SPEC = byKind<TaskSpec>({
  mqar: { vocabSize: SIZE, tokens: SIZE, pairs: SIZE, rewrites: optional(integer({ min: 0, max: 2 ** 20 })) },
  selective_copy: { vocabSize: SIZE, noiseTokens: SIZE, copies: SIZE },
  text: { tokens: SIZE },
});

/** Sequences, one after the other. */
export interface Batch {
  /** [sequences * tokens] */
  ids: Int32Array;
  /** Tokens after which something is predicted, counted over the whole batch: [sequences * rows]. */
  rows: Int32Array;
  /** What is right there: [sequences * rows]. */
  targets: Int32Array;
}

export interface TrainingTask {
  /** As shown to people: "MQAR, 8 pairs in 64 tokens". */
  name: string;
  /** All that its batches depend on besides the seed; plain JSON. */
  identity: unknown;
  /** Of a sequence. */
  tokens: number;
  /** Predicted tokens of a sequence. */
  rows: number;
  /** Ids that a model needs. */
  vocabSize: number;
  metric: "accuracy" | "bitsPerByte";
  /** What a model reaches that has learned nothing of the task's point. */
  chance: number;
  /** What the best possible model reaches; null where no one knows. */
  ceiling: number | null;
  trainBatch(random: Random, sequences: number): Batch;
  /** Sequences that training never sees; the same for every model. */
  testBatch(random: Random, sequences: number): Batch;
}

/** The random numbers of a step: of its own, so that a run can go on from any step. */
export function stepRandom(seed: number, step: number): Random {
  return seededRandom(Math.imul(seed + 1, 0x9e3779b1) + Math.imul(step, 0x85ebca6b) | 0);
}

/** Room for a batch, filled sequence by sequence. */
export function fillBatch(
  sequences: number,
  tokens: number,
  rows: number,
  fill: (sequence: { ids: Int32Array; rows: Int32Array; targets: Int32Array }) => void,
): Batch {
  const batch = {
    ids: new Int32Array(sequences * tokens),
    rows: new Int32Array(sequences * rows),
    targets: new Int32Array(sequences * rows),
  };
  for (let s = 0; s < sequences; s++) {
    const ids = batch.ids.subarray(s * tokens, (s + 1) * tokens);
    const own = batch.rows.subarray(s * rows, (s + 1) * rows);
    fill({ ids, rows: own, targets: batch.targets.subarray(s * rows, (s + 1) * rows) });
    for (let i = 0; i < rows; i++) own[i] += s * tokens;
  }
  return batch;
}

/** @throws {RangeError} If a size is not a whole number of at least `least`. */
export function requireSizes(task: string, sizes: Record<string, number>, least = 1): void {
  for (const [name, value] of Object.entries(sizes)) {
    if (!Number.isSafeInteger(value) || value < least) {
      throw new RangeError(`Cannot make task ${task}: ${name} must be an integer >= ${least}, got ${value}`);
    }
  }
}
