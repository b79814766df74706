/** Architectures trained alike: the same task, budget, search and seeds for each. */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { PARAMETERS, scale } from "../arch/scale.ts";
import type { ModelRef } from "../arch/model_ref.ts";
import type { ArchSpec } from "../arch/spec.ts";
import { SPECS } from "../arch/ref_fields.ts";
import { BATCH, MOST_THREADS } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions, withDefaults } from "../check/options.ts";
import { func, integer, list, quantity } from "../check/rules.ts";
import { physicalCores } from "../model/physical_cores.ts";
import type { Estimate } from "../stats/estimate.ts";
import { meanInterval } from "../stats/mean_interval.ts";
import { mean } from "../stats/summary.ts";
import { ResultStore } from "../store/results.ts";
import { STORE } from "../store/store_field.ts";
import type { SavedItems } from "../store/saved_items.ts";
import { type Budget, BUDGET_FIELDS, budgetOf, checkBudget, stepsOf } from "./budget.ts";
import { planParameters } from "./parameters.ts";
import { checkFits, openTask } from "./tasks/open_task.ts";
import { TASK_SPEC, type TaskSpec, type TrainingTask } from "./tasks/task.ts";
import { checkTrainable } from "./trainable.ts";
import { type PooledRun, runPool } from "./run_pool.ts";
import { DivergedError, LEARNING_RATE, type TrainedModel, TRAINING_VERSION } from "./train_model.ts";
import { trainInProcess } from "./train_process.ts";

export interface SiblingsOptions extends Budget {
  task: TaskSpec;
  /** Parameters that every architecture is scaled to, with the vocabulary of the task. Default: each is as it is. */
  parameters?: number;
  /** Independent runs of each, with the seeds 0, 1, ... Default 3. */
  seeds?: number;
  /** Sequences a step. Default 32. */
  batch?: number;
  /** Peaks of the learning rate that are tried for each, alike. Default 0.001, 0.003, 0.01. */
  learningRates?: number[];
  /** Part of the budget that each of them is tried for. Default 0.25. */
  searchShare?: number;
  /** Runs at once, a thread each. Default: the physical cores. */
  processes?: number;
  /** Where runs are kept as they are finished, with their weights beside it; null: nothing is reused. Default: the results. */
  store?: ResultStore | null;
  /** Called as runs go on, and once more at the end: `liveLossPlot()` draws what it is given. */
  onProgress?: (soFar: SiblingsProgress) => void;
}

export const SIBLINGS_OPTIONS = object<SiblingsOptions>({
  ...BUDGET_FIELDS,
  task: TASK_SPEC,
  parameters: optional(PARAMETERS),
  seeds: optional(integer({ min: 1, max: 1000 })),
  batch: optional(BATCH),
  learningRates: optional(list(LEARNING_RATE, { min: 1 })),
  searchShare: optional(quantity({ above: 0, max: 1 })),
  processes: optional(integer({ min: 1, max: MOST_THREADS })),
  store: optional(STORE),
  onProgress: optional(func()),
});

/** Training losses of one run so far. */
export interface LossCurve {
  /** The architecture's. */
  name: string;
  learningRate: number;
  /** Null for a try of the search. */
  seed: number | null;
  tokensPerStep: number;
  /** In nats: [steps so far]. */
  losses: number[];
}

export interface SiblingsProgress {
  task: string;
  budget: string;
  /** In the order in which the runs were begun. */
  curves: LossCurve[];
  ended: boolean;
}

/** One architecture after training. */
export interface Sibling {
  spec: ArchSpec;
  parameters: number;
  /** The best of the search, used for every seed. */
  learningRate: number;
  /** Training loss at the end of each try, in nats; null where it was not finite. */
  search: { learningRate: number; loss: number | null }[];
  /** One a seed. */
  runs: TrainedModel[];
  /** The task's metric on its test sequences, over seeds. */
  score: Estimate;
  /** The first seed's model. */
  ref: ModelRef;
}

export interface SiblingsResult {
  task: Pick<TrainingTask, "name" | "metric" | "chance" | "ceiling">;
  /** What was equal for all: "200000 tokens". */
  budget: string;
  siblings: Record<string, Sibling>;
}

export const SEARCH_DEFAULTS = { seeds: 3, learningRates: [1e-3, 3e-3, 1e-2], searchShare: 0.25, batch: 32 };
/** Seed of the search's runs, which no result uses. */
const SEARCH_SEED = 1000;
/** Of a curve: the losses at its end that a try is judged by. */
const END_SHARE = 0.1;

/**
 * Train architectures alike and compare what they learned. The learning rate is searched for each with the same few
 * tries; then every seed trains with the best one. Finished runs are kept, and a run that was stopped goes on.
 *
 * @throws {RangeError} If a number is out of range, or a budget too small for one step.
 * @throws {TypeError} If an architecture has a part without a trainable form.
 * @example Two architectures of a million parameters on bytes of Python's library
 * ```ts ignore
 * const result = await trainSiblings({ llama, hybrid }, { task: { kind: "text" }, parameters: 1e6, seconds: 60 });
 * console.log(siblingsTable(result), lossPlot(result));
 * const model = await openModel(result.siblings.hybrid.ref);
 * ```
 */
export async function trainSiblings(
  specs: Record<string, ArchSpec>,
  options: SiblingsOptions,
): Promise<SiblingsResult> {
  checkArgument("Cannot train siblings", "specs", specs, SPECS);
  checkOptions("Cannot train siblings", options, SIBLINGS_OPTIONS);
  if (!Object.keys(specs).length) {
    throw new RangeError("Cannot train siblings: there are no architectures; pass { name: spec }");
  }
  const { seeds, learningRates, searchShare, batch } = withDefaults(SEARCH_DEFAULTS, options);
  const budget = budgetOf(options), kind = checkBudget(budget);
  const part = { ...budget, [kind]: budget[kind]! * searchShare };
  const task = await openTask(options.task);
  const scaled = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => {
      const sized = scaledTo(options.parameters, spec, task);
      checkTrainable(sized);
      checkFits(sized, task);
      if (kind !== "seconds") stepsOf(part, sized, { batch, tokens: task.tokens, rows: batch * task.rows }, 0);
      return [name, sized];
    }),
  );
  const store = options.store === undefined ? new ResultStore() : options.store;
  store?.checkWritable();
  const folder = store
    ? join(dirname(store.path), "trained")
    : await Deno.makeTempDir({ prefix: "archbench-trained-" });
  const names = Object.keys(scaled), width = options.processes ?? physicalCores();
  const soFar: SiblingsProgress = { task: task.name, budget: `${budget[kind]} ${kind}`, curves: [], ended: false };
  const tries = await runPool(
    `learning rates on ${task.name}`,
    width,
    names.flatMap((name) =>
      learningRates.map(
        (learningRate): PooledRun<{ name: string; learningRate: number; loss: number | null }> => async (at) => {
          const loss = await train(at, name, part, learningRate, null).then(endLoss, nullIfNotFinite);
          return { name, learningRate, loss };
        },
      )
    ),
  );
  const best = new Map(names.map((name) => [name, bestOf(name, tries.filter((t) => t.name === name))]));
  const trained = await runPool(
    `training on ${task.name}`,
    width,
    names.flatMap((name) =>
      Array.from({ length: seeds }, (_, seed): PooledRun<TrainedModel> => (at) => {
        return train(at, name, budget, best.get(name)!, seed);
      })
    ),
  );
  options.onProgress?.({ ...soFar, ended: true });
  return {
    task: { name: task.name, metric: task.metric, chance: task.chance, ceiling: task.ceiling },
    budget: soFar.budget,
    siblings: Object.fromEntries(names.map((name, i) => {
      const own = trained.slice(i * seeds, (i + 1) * seeds);
      const search = tries.filter((t) => t.name === name).map(({ learningRate, loss }) => ({ learningRate, loss }));
      return [name, siblingOf(scaled[name], best.get(name)!, search, own, task)];
    })),
  };

  /** One run, or what the store has of it; a seed of null is a try of the search. */
  async function train(
    { report, signal }: Parameters<PooledRun<TrainedModel>>[0],
    name: string,
    budget: Budget,
    learningRate: number,
    resultSeed: number | null,
  ): Promise<TrainedModel> {
    const spec = scaled[name], seed = resultSeed ?? SEARCH_SEED;
    const curve: LossCurve = { name, learningRate, seed: resultSeed, tokensPerStep: batch * task.tokens, losses: [] };
    soFar.curves.push(curve);
    const run = { version: TRAINING_VERSION, task: task.identity, spec, budget, batch, learningRate, seed };
    const key = createHash("sha256").update(JSON.stringify(run)).digest("hex").slice(0, 16);
    const saved: SavedItems | undefined = store?.items({ training: TRAINING_VERSION });
    try {
      const known = saved?.get(key) as TrainedModel | undefined;
      if (known && await Deno.stat(known.weights).then(() => true, () => false)) {
        curve.losses.push(...known.losses);
        return known;
      }
      const model = await trainInProcess(spec, {
        task: options.task,
        ...budget,
        learningRate,
        seed,
        batch,
        folder: join(folder, key),
        signal,
        onProgress: ({ step, steps, losses }) => {
          curve.losses.push(...losses);
          report(step / steps, `${name}: loss ${losses.at(-1)!.toFixed(2)}`);
          options.onProgress?.(soFar);
        },
      });
      saved?.put(key, model);
      return model;
    } finally {
      saved?.close();
    }
  }
}

/** The tokenizer of bytes has two more ids than there are bytes. */
const BYTE_IDS = 258;

function scaledTo(parameters: number | undefined, spec: ArchSpec, { metric, vocabSize }: TrainingTask): ArchSpec {
  if (parameters === undefined) return spec;
  return scale(spec, { parameters, vocabSize: metric === "bitsPerByte" ? BYTE_IDS : vocabSize });
}

/** A try whose loss was no number is a bad rate, not a failure. */
function nullIfNotFinite(error: unknown): null {
  if (error instanceof DivergedError) return null;
  throw error;
}

/** The training loss at the end of a run. */
function endLoss({ losses }: TrainedModel): number {
  return mean(losses.slice(-Math.max(1, Math.ceil(END_SHARE * losses.length))));
}

function bestOf(name: string, tries: { learningRate: number; loss: number | null }[]): number {
  const finite = tries.filter((t): t is { learningRate: number; loss: number } => t.loss !== null);
  if (finite.length) return finite.reduce((a, b) => b.loss < a.loss ? b : a).learningRate;
  throw new Error(
    `Cannot train "${name}": its loss was not finite at any learning rate (${
      tries.map((t) => t.learningRate).join(", ")
    }); pass smaller learningRates`,
  );
}

function siblingOf(
  spec: ArchSpec,
  learningRate: number,
  search: Sibling["search"],
  runs: TrainedModel[],
  { metric }: TrainingTask,
): Sibling {
  const scores = runs.map(({ test }) => metric === "accuracy" ? test.accuracy : test.bits);
  return {
    spec,
    parameters: planParameters(spec).count,
    learningRate,
    search,
    runs,
    score: scoreOf(scores, metric),
    ref: runs[0].ref,
  };
}

/** The mean over seeds with its t interval; one seed has none. An accuracy stays between 0 and 1. */
function scoreOf(scores: number[], metric: TrainingTask["metric"]): Estimate {
  if (scores.length < 2) return { point: scores[0], low: null, high: null, level: 0.95, n: 1 };
  const interval = meanInterval(scores);
  const high = metric === "accuracy" ? Math.min(1, interval.high) : interval.high;
  return { ...interval, low: Math.max(0, interval.low), high };
}
