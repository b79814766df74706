/** The model hosts of one evaluation: a given one, one of its own, or several that share the cores. */
import type { GraphKind } from "../arch/build.ts";
import type { AnySource } from "../arch/foreign/resolved_graph.ts";
import type { ModelOptions } from "../arch/model_ref.ts";
import type { ModelHost, StartHost } from "../model/protocol.ts";
import type { ScoreSettings } from "../model/score_options.ts";
import { progress } from "../progress.ts";
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
import type { Question } from "./questions.ts";
import type { EvalSplit } from "./types.ts";

/** Units that `"auto"` scores for every thread with each split: some seconds of work. */
const SAMPLE_UNITS_PER_THREAD = 8;

export interface HostWish {
  /** A host that is open already; it stays open. */
  host?: ModelHost;
  /** So many, or what a short measurement finds. Default 1. */
  hosts?: number | "auto";
  /** The graph whose session is created at once. */
  graph: GraphKind;
}

/** Hosts that are started when they are needed, and closed if they were. */
export class TaskHosts {
  readonly #start: StartHost;
  readonly #ref: AnySource;
  readonly #options: ModelOptions;
  readonly #wish: HostWish;
  #own: ModelHost[] = [];

  /** Nothing is started yet. */
  constructor(start: StartHost, ref: AnySource, options: ModelOptions, wish: HostWish) {
    this.#start = start;
    this.#ref = ref;
    this.#options = options;
    this.#wish = wish;
  }

  /**
   * The hosts, and how the threads are split between them.
   *
   * @param task Shown while `"auto"` measures.
   * @param questions The task's questions, of which `"auto"` scores the first.
   */
  async open(
    task: string,
    questions: Question[] = [],
    scoring: ScoreSettings = {},
  ): Promise<{ hosts: ModelHost[]; split: EvalSplit }> {
    const { host, hosts = 1, graph } = this.#wish;
    if (host) return { hosts: [host], split: { hosts: 1, threads: host.open.info.threads } };
    if (hosts === 1) { // as it opens by itself
      const own = await this.#start(this.#ref, { ...this.#options, graphs: [graph] });
      this.#own = [own];
      return { hosts: this.#own, split: { hosts: 1, threads: own.open.info.threads } };
    }
    const split = hosts === "auto"
      ? await this.#measured(task, questions, scoring)
      : splitFor(hosts, this.#ref, this.#options);
    this.#own = await this.#openSplit(split);
    return { hosts: this.#own, split };
  }

  /** Close the hosts that were started here. */
  async close(): Promise<void> {
    await closeAll(this.#own);
  }

  #openSplit(split: Split): Promise<ModelHost[]> {
    return openHosts(this.#start, this.#ref, this.#options, split, this.#wish.graph);
  }

  async #measured(task: string, questions: Question[], scoring: ScoreSettings): Promise<EvalSplit> {
    const threads = threadsToSplit(this.#ref, this.#options);
    const sample = questions.slice(0, threads * SAMPLE_UNITS_PER_THREAD);
    const bar = progress(`${task}, finding the best split of ${threads} threads`, 0);
    try {
      const measured = await measureSplits(splitsOf(threads), (split) => this.#openSplit(split), sample, scoring, bar);
      const { hosts, threads: each } = fastest(measured);
      console.log(`${task}: ${splitText({ hosts, threads: each }, measured)}`);
      return { hosts, threads: each, measured };
    } finally {
      bar.finish();
    }
  }
}
