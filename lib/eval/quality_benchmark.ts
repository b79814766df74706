/** Evaluate a model on a task: rows to requests, requests to a model host, log-likelihoods to metrics. */
import type { ModelOptions, ModelRef } from "../arch/spec.ts";
import { startHost } from "../model/host.ts";
import type { ModelHost, StartHost } from "../model/protocol.ts";
import { progress } from "../progress.ts";
import { evalEnvironment } from "./environment.ts";
import { aggregate, chanceLevel } from "./metrics.ts";
import { readQuestions, requestsOf, scoredItems } from "./questions.ts";
import { findTask } from "./registry.ts";
import { scoreInBatches } from "./score_in_batches.ts";
import { selectRows } from "./select_rows.ts";
import type { EvalResult, Row, TaskOptions } from "./types.ts";

export interface EvaluateOptions extends TaskOptions {
  /** A host that is open already, with its score graph; it stays open. Default: one is started and closed. */
  host?: ModelHost;
}

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
   * @throws {TypeError} If no row at all can be read as a question of this task.
   */
  async evaluateTask(name: string, dataset?: Row[] | string, options: EvaluateOptions = {}): Promise<EvalResult> {
    const task = findTask(name);
    const level = options.level ?? 0.95;
    if (!(level > 0 && level < 1)) {
      throw new RangeError(`Cannot evaluate ${name}: level must be between 0 and 1, got ${level}`);
    }
    const selection = await selectRows(task, dataset, options);
    const shots = options.shots ?? (task.kind === "choice" ? task.shots : 0);
    const { questions, failed: unread } = await readQuestions(task, selection.rows, shots);

    const host = options.host ?? await this.#startHost(this.#ref, { ...this.#options, graphs: ["score"] });
    const bar = progress(`${name}, ${host.open.info.name} ${host.open.info.precisionLabel}`, questions.length);
    const startedAt = new Date(), start = performance.now();
    try {
      const scores = await scoreInBatches(host, await requestsOf(host, questions), bar);
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
        environment: evalEnvironment(host.open.info, startedAt, (performance.now() - start) / 1000),
      };
    } finally {
      bar.finish();
      if (!options.host) await host.close();
    }
  }
}
