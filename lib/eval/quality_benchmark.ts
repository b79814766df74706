/** Evaluate a model on a task: rows to requests, requests to a model host, log-likelihoods to metrics. */
import type { ModelOptions, ModelRef } from "../arch/spec.ts";
import { startHost } from "../model/host.ts";
import type { ModelHost, StartHost } from "../model/protocol.ts";
import type { ScoreSettings } from "../model/score_options.ts";
import { progress, withPartial } from "../progress.ts";
import { evalEnvironment } from "./environment.ts";
import { aggregate, chanceLevel } from "./metrics.ts";
import {
  closeAll,
  fastest,
  openHosts,
  type Split,
  splitFor,
  splitsOf,
  splitText,
  threadsToSplit,
} from "./host_pool.ts";
import { measureSplits } from "./measure_splits.ts";
import { type Question, readQuestions, requestsOf, scoredItems } from "./questions.ts";
import { findTask } from "./registry.ts";
import { PartialScoresError, scoreInBatches, type UnitScores } from "./score_in_batches.ts";
import { selectRows } from "./select_rows.ts";
import type { EvalResult, EvalSplit, Row, TaskOptions } from "./types.ts";

export interface EvaluateOptions extends TaskOptions {
  /** A host that is open already, with its score graph; it stays open. Default: hosts are started and closed. */
  host?: ModelHost;
  /**
   * Model hosts that share the work; the results do not depend on their number. Each holds the model, so the default is
   * 1: two need twice the memory, and gain little where one uses all cores well. `"auto"`: splits of the threads (1 x 2
   * and 2 x 1 on two cores) score the task's first requests, the fastest does the task, and one line says what was found.
   * With a number, `threads` of the model options are each host's, and by default the physical cores are shared.
   */
  hosts?: number | "auto";
  /** How log-likelihoods are computed, e.g. `{ mode: "strict" }`. */
  scoring?: ScoreSettings;
}

/** Units that `"auto"` scores for every thread with each split: some seconds of work. */
const SAMPLE_UNITS_PER_THREAD = 8;

/**
 * The quality of one model. Each task runs in a process of its own, so the caller stays free.
 *
 * @example
 * ```ts ignore
 * const quality = new QualityBenchmark({ ref: "smollm2-135m", precision: "int4" });
 * const { metrics } = await quality.evaluateTask("hellaswag", undefined, { limit: 200 });
 * console.log(metrics.acc_norm); // { point: 0.41, low: 0.34, high: 0.48, level: 0.95, n: 200, stderr: 0.035 }
 * ```
 */
export class QualityBenchmark {
  readonly #ref: ModelRef;
  readonly #options: ModelOptions;
  readonly #startHost: StartHost;

  /** @param start How a host is started; tests give a fake one. */
  constructor(ref: ModelRef, options: ModelOptions = {}, start: StartHost = startHost) {
    this.#ref = ref;
    this.#options = options;
    this.#startHost = start;
  }

  /**
   * Evaluate one task by lm-eval's rules.
   *
   * @param name A task's name; `taskNames()` lists them.
   * @param dataset Rows with the task's fields, or for a text task the text itself. Default: the cached dataset.
   * @returns Metrics with intervals, all items, and the rows that failed.
   * @throws {RangeError} For an unknown task, and for a limit, rows or shots that there are not. No model is opened.
   * @throws {TypeError} If no row at all can be read as a question of this task, or `host` and `hosts` are both given.
   * @throws {StopError} After Stop. It, and the error of a host that died, holds what was finished (`partialOf`).
   */
  async evaluateTask(name: string, dataset?: Row[] | string, options: EvaluateOptions = {}): Promise<EvalResult> {
    const task = findTask(name);
    const level = options.level ?? 0.95;
    if (!(level > 0 && level < 1)) {
      throw new RangeError(`Cannot evaluate ${name}: level must be between 0 and 1, got ${level}`);
    }
    const selection = await selectRows(task, dataset, options);
    const shots = options.shots ?? (task.kind === "choice" ? task.shots : 0);
    if (options.host && options.hosts !== undefined) {
      throw new TypeError(`Cannot evaluate ${name}: host and hosts are both given; pass one of them`);
    }
    if (typeof options.hosts === "number") splitFor(options.hosts, this.#ref, this.#options); // refused before work
    const { questions, failed: unread } = await readQuestions(task, selection.rows, shots);

    const { hosts, split } = await this.#hosts(name, questions, options);
    const { info } = hosts[0].open, scoring = options.scoring ?? {};
    const bar = progress(`${name}, ${info.name} ${info.precisionLabel}`, questions.length);
    const startedAt = new Date(), start = performance.now();
    const resultOf = (questions: Question[], scores: UnitScores[]): EvalResult => {
      const { items, failed } = scoredItems(task, questions, scores);
      return {
        task: name,
        version: task.version,
        shots,
        n: items.length,
        ...aggregate(task, items, level),
        higherIsBetter: Object.fromEntries(task.metrics.map((m) => [m, task.kind === "choice"])),
        chance: chanceLevel(task, items),
        failed: [...unread, ...failed],
        items,
        data: selection.data,
        environment: evalEnvironment(info, startedAt, (performance.now() - start) / 1000, split, scoring),
      };
    };
    try {
      return resultOf(questions, await scoreInBatches(hosts, await requestsOf(hosts[0], questions), bar, scoring));
    } catch (error) {
      if (!(error instanceof PartialScoresError)) throw error;
      throw withPartialResult(error, questions, resultOf);
    } finally {
      bar.finish();
      if (!options.host) await closeAll(hosts);
    }
  }

  /** The hosts that do the task, and how the threads are split between them. */
  async #hosts(
    name: string,
    questions: Question[],
    { host, hosts = 1, scoring }: EvaluateOptions,
  ): Promise<{ hosts: ModelHost[]; split: EvalSplit }> {
    if (host) return { hosts: [host], split: { hosts: 1, threads: host.open.info.threads } };
    const open = (split: Split) => openHosts(this.#startHost, this.#ref, this.#options, split);
    if (hosts === 1) { // as it opens by itself
      const host = await this.#startHost(this.#ref, { ...this.#options, graphs: ["score"] });
      return { hosts: [host], split: { hosts: 1, threads: host.open.info.threads } };
    }
    if (hosts !== "auto") {
      const split = splitFor(hosts, this.#ref, this.#options);
      return { hosts: await open(split), split };
    }
    const threads = threadsToSplit(this.#ref, this.#options);
    const sample = questions.slice(0, threads * SAMPLE_UNITS_PER_THREAD);
    const bar = progress(`${name}, finding the best split of ${threads} threads`, 0);
    try {
      const measured = await measureSplits(splitsOf(threads), open, sample, scoring ?? {}, bar);
      const { hosts, threads: each } = fastest(measured);
      console.log(`${name}: ${splitText({ hosts, threads: each }, measured)}`);
      const split = { hosts, threads: each };
      return { hosts: await open(split), split: { ...split, measured } };
    } finally {
      bar.finish();
    }
  }
}

/** The cause of an early end, with a result of the items that were finished, where there are any (`partialOf`). */
function withPartialResult(
  { cause, scores }: PartialScoresError,
  questions: Question[],
  resultOf: (questions: Question[], scores: UnitScores[]) => EvalResult,
): unknown {
  const done = questions.map((_, i) => i).filter((i) => scores[i] !== undefined);
  const good = done.some((i) => {
    const got = scores[i]!;
    return !("refused" in got) && got.every((s) => Number.isFinite(s.logLikelihood));
  });
  if (!(cause instanceof Error) || !good) return cause;
  const value = resultOf(done.map((i) => questions[i]), done.map((i) => scores[i]!));
  return withPartial(cause, value);
}
