/** Evaluate a model on a task: the rows, the work that the task asks for, and what is kept of it. */
import { checkModel } from "../arch/ref_fields.ts";
import type { AnySource } from "../arch/foreign/resolved_graph.ts";
import type { ModelOptions } from "../arch/model_ref.ts";
import { HOSTS } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkOptions } from "../check/options.ts";
import { byType, oneOf, withMethods } from "../check/rules.ts";
import { startHost } from "../model/host.ts";
import type { ModelHost, StartHost } from "../model/protocol.ts";
import { SCORE_SETTINGS, type ScoreSettings } from "../model/score_options.ts";
import { ResultStore } from "../store/results.ts";
import { STORE } from "../store/store_field.ts";
import { evaluateGeneratedTask } from "./generated_task.ts";
import { checkGenerate } from "./generated/options.ts";
import { findTask } from "./registry.ts";
import { savedRun } from "./saved_run.ts";
import { evaluateScored } from "./scored_task.ts";
import { selectRows } from "./select_rows.ts";
import { refuseOtherKinds, TASK_OPTIONS, type TaskOptions } from "./task_options.ts";
import { taskGraph } from "./task.ts";
import { TaskHosts } from "./task_hosts.ts";
import type { EvalResult, Row } from "./types.ts";

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
  /**
   * Where every item is kept as soon as it is finished, and taken from where an earlier run of the same model and task
   * has finished it: a run that was stopped or killed goes on where it was. Null: nothing is kept or reused. Default:
   * `results/archbench.sqlite`, for hosts that are started here.
   */
  store?: ResultStore | null;
}

export const EVALUATE_OPTIONS = object<EvaluateOptions>({
  ...TASK_OPTIONS.fields,
  host: optional(withMethods<ModelHost>("a model host", "score", "close")),
  hosts: optional(byType({ number: HOSTS, string: oneOf("auto") }, 'a number or "auto"')),
  scoring: optional(SCORE_SETTINGS),
  store: optional(STORE),
});

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
  readonly #ref: AnySource;
  readonly #options: ModelOptions;
  readonly #startHost: StartHost;

  /** @param start How a host is started; tests give a fake one. */
  constructor(ref: AnySource, options: ModelOptions = {}, start: StartHost = startHost) {
    checkModel("Cannot evaluate the model", ref, options);
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
   * @throws {TypeError} For an option that is not known, or is for tasks of another kind; if no row at all can be read
   * as a question of this task, or `host` and `hosts` are both given.
   * @throws {Error} If nothing can be written where items are kept.
   * @throws {StopError} After Stop. It, and the error of a host that died, holds what was finished (`partialOf`).
   */
  async evaluateTask(name: string, dataset?: Row[] | string, options: EvaluateOptions = {}): Promise<EvalResult> {
    const task = findTask(name);
    checkOptions(`Cannot evaluate ${name}`, options, EVALUATE_OPTIONS);
    refuseOtherKinds(task, options);
    const level = options.level ?? 0.95;
    if (options.host && options.hosts !== undefined) {
      throw new TypeError(`Cannot evaluate ${name}: host and hosts are both given; pass one of them`);
    }
    const selection = await selectRows(task, dataset, options);
    const { scoring = {}, host, hosts: _hosts, store: _store, ...asked } = options;
    const settings = task.kind === "generate" ? checkGenerate(task, asked) : null;
    const hosts = new TaskHosts(this.#startHost, this.#ref, this.#options, {
      host,
      hosts: options.hosts,
      graph: taskGraph(task),
    });
    const ownHosts = this.#startHost === startHost && !host;
    const store = options.store === undefined && ownHosts ? new ResultStore() : options.store;
    store?.checkWritable();
    const saved = store ? await savedRun(store, this.#ref, this.#options, task, scoring) : undefined;
    try {
      if (task.kind === "generate") {
        return await evaluateGeneratedTask({ task, selection, settings: settings!, hosts, saved });
      }
      const shots = options.shots ?? (task.kind === "choice" ? task.shots : 0);
      return await evaluateScored({ task, selection, shots, level, scoring, hosts, saved });
    } finally {
      await hosts.close();
      saved?.close();
    }
  }
}
