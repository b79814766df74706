/** Training one architecture on one task from one seed. */
import { join } from "node:path";
import { ARCH_SPEC } from "../arch/ref_fields.ts";
import type { ModelRef } from "../arch/model_ref.ts";
import type { ArchSpec } from "../arch/spec.ts";
import { BATCH, SEED, THREADS } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions, withDefaults } from "../check/options.ts";
import { func, quantity, word } from "../check/rules.ts";
import { threadWarnings } from "../model/open_options.ts";
import { checkStop } from "../progress.ts";
import { type Budget, BUDGET_FIELDS, budgetOf, checkBudget, stepFlops, stepsOf } from "./budget.ts";
import { loadCheckpoint, saveCheckpoint, saveWeights, type TrainState } from "./checkpoint.ts";
import { evaluateParameters, type TestScore } from "./evaluate_parameters.ts";
import { initialParameters } from "./parameters.ts";
import { learningRateAt } from "./schedule.ts";
import { checkFits, openTask } from "./tasks/open_task.ts";
import { stepRandom, TASK_SPEC, type TaskSpec } from "./tasks/task.ts";
import { checkTrainable } from "./trainable.ts";
import { ADAM_DEFAULTS, NotFiniteError, Trainer } from "./trainer.ts";
import { ADAM, type AdamWOptions } from "./train_graph.ts";

export interface TrainOptions extends Budget {
  task: TaskSpec;
  /** Peak of the learning rate, reached after a tenth of the steps. */
  learningRate: number;
  /** Of the first parameters and of the batches. Default 0. */
  seed?: number;
  /** Sequences a step. Default 32. */
  batch?: number;
  /** Where the checkpoint and the weights are kept; a run that was begun there goes on. */
  folder: string;
  adam?: AdamWOptions;
  /** Threads of a step; the same number gives the same curve, bit for bit. Default 1. */
  threads?: number;
  /** Time between checkpoints. Default 10 s. */
  checkpointSeconds?: number;
  /** Called after every run of the graph, which is up to half a second of steps. */
  onProgress?: (done: TrainProgress) => void;
}

export const LEARNING_RATE = quantity({ above: 0 });
export const TRAIN_OPTIONS = object<TrainOptions>({
  ...BUDGET_FIELDS,
  task: TASK_SPEC,
  learningRate: LEARNING_RATE,
  seed: optional(SEED),
  batch: optional(BATCH),
  folder: word,
  adam: optional(ADAM),
  threads: optional(THREADS),
  checkpointSeconds: optional(quantity({ min: 0 })),
  onProgress: optional(func()),
});

export interface TrainProgress {
  /** Steps that are done, of so many. */
  step: number;
  steps: number;
  /** Loss of each step since the last call, in nats; at first of all that an earlier run has kept, too. */
  losses: number[];
}

export interface TrainedModel {
  /** To be benchmarked, evaluated, compared and exported like any model. */
  ref: ModelRef;
  /** The weights file, by our own names. */
  weights: string;
  task: string;
  learningRate: number;
  seed: number;
  /** Sequences a step. */
  batch: number;
  steps: number;
  tokens: number;
  /** Model FLOPs of all steps. */
  flops: number;
  /** Time of all steps, without building and testing. */
  seconds: number;
  parameters: number;
  /** Loss of every step's batch, in nats: [steps]. */
  losses: number[];
  test: TestScore;
  /** What to know before its times are trusted, in sentences; absent: nothing. */
  warnings?: string[];
}

/** A loss or a gradient that was no number ended the training. */
export class DivergedError extends Error {
  override name = "DivergedError";
}

/** Raised when the numbers of a kind of run change. */
export const TRAINING_VERSION = 2;
/** A run of the graph takes about so long: short enough to be stopped, long enough to lose nothing. */
const CALL_SECONDS = 0.5;
/** Steps that a budget in seconds is measured by, after as many that are not. */
const PACE_STEPS = 4;

/**
 * Train an architecture: AdamW, gradients clipped, a warm-up and a cosine, in fp32.
 *
 * @throws {TypeError} If a part of the architecture has no trainable form, or the folder holds another run.
 * @throws {RangeError} If an option is out of range, the task does not fit, or the budget is too small for one step.
 * @throws {DivergedError} If the loss is no longer finite; the last good checkpoint is kept.
 */
export async function trainModel(spec: ArchSpec, options: TrainOptions): Promise<TrainedModel> {
  checkArgument("Cannot train", "spec", spec, ARCH_SPEC);
  checkOptions(`Cannot train "${spec.name}"`, options, TRAIN_OPTIONS);
  const { learningRate, seed = 0, batch = 32, threads = 1, checkpointSeconds = 10, folder } = options;
  checkTrainable(spec);
  const budget = budgetOf(options);
  checkBudget(budget);
  const task = await openTask(options.task);
  checkFits(spec, task);
  const shape = { batch, tokens: task.tokens, rows: batch * task.rows };
  if (budget.seconds === undefined) stepsOf(budget, spec, shape, 0); // said before the session opens
  const adam = withDefaults(ADAM_DEFAULTS, options.adam ?? {});
  const description = { version: TRAINING_VERSION, spec, task: task.identity, budget, batch, learningRate, seed, adam };
  const checkpoint = join(folder, "checkpoint.safetensors"), weights = join(folder, "weights.safetensors");

  const warnings = threadWarnings(threads);
  const trainer = await Trainer.open(spec, shape, adam, threads);
  try {
    let state = await loadCheckpoint(checkpoint, trainer.plan, description) ?? await begin();
    let savedAt = performance.now(), perCall = 1, reported = 0;
    while (state.step < state.steps) {
      checkStop();
      const n = Math.min(perCall, state.steps - state.step), before = performance.now();
      state = await stepsFrom(state, n);
      options.onProgress?.({ step: state.step, steps: state.steps, losses: state.losses.slice(reported) });
      reported = state.step;
      perCall = Math.max(1, Math.floor(n * CALL_SECONDS * 1000 / (performance.now() - before)));
      if (state.step === state.steps || performance.now() - savedAt > 1000 * checkpointSeconds) {
        await saveCheckpoint(checkpoint, state, description);
        savedAt = performance.now();
      }
      await new Promise((resolve) => setTimeout(resolve)); // lets a notebook draw, and its Stop button be seen
    }
    await saveWeights(weights, trainer.plan, state.parameters);
    return {
      ref: { ref: spec, weights, tokenizer: "bytes" },
      weights,
      task: task.name,
      learningRate,
      seed,
      batch,
      steps: state.steps,
      tokens: state.steps * batch * task.tokens,
      flops: state.steps * stepFlops(spec, shape),
      seconds: state.seconds,
      parameters: trainer.plan.count,
      losses: state.losses,
      test: await evaluateParameters(spec, state.parameters, task, threads),
      ...(warnings.length ? { warnings } : {}),
    };
  } finally {
    await trainer.release();
  }

  async function begin(): Promise<TrainState> {
    const parameters = await initialParameters(spec, seed), n = parameters.length;
    const zero = {
      step: 0,
      steps: 1,
      parameters,
      momentum: new Float32Array(n),
      variance: new Float32Array(n),
      losses: [],
      seconds: 0,
    };
    let secondsPerStep = 0;
    if (budget.seconds !== undefined) {
      const { seconds } = await stepsFrom(zero, PACE_STEPS);
      secondsPerStep = (await stepsFrom({ ...zero, seconds: 0 }, PACE_STEPS)).seconds / PACE_STEPS || seconds;
    }
    return { ...zero, steps: stepsOf(budget, spec, shape, secondsPerStep) };
  }

  /** The next `n` steps; where they fail, the state before them is kept. */
  async function stepsFrom(state: TrainState, n: number): Promise<TrainState> {
    const numbers = Array.from({ length: n }, (_, i) => state.step + 1 + i);
    const batches = numbers.map((step) => task.trainBatch(stepRandom(seed, step), batch));
    try {
      return await trainer.steps(
        state,
        batches,
        numbers.map((step) => learningRateAt(step, state.steps, learningRate)),
      );
    } catch (error) {
      if (!(error instanceof NotFiniteError)) throw error;
      await saveCheckpoint(checkpoint, state, description);
      throw new DivergedError(
        `Training "${spec.name}" stopped: ${error.message} of ${state.steps}, at a learning rate of ${learningRate}; ` +
          `the last good state, of step ${state.step}, is in ${checkpoint}; try a smaller learning rate`,
      );
    }
  }
}
