/** Time one model and measure its memory, in a process of its own. */
import { checkModel } from "../arch/ref_fields.ts";
import { isResolvedGraph } from "../arch/foreign/resolved_graph.ts";
import { type FoundModel, modelFacts } from "../arch/model_facts.ts";
import { resolveAny } from "../arch/resolve_any.ts";
import type { ModelOptions, ModelRef } from "../arch/model_ref.ts";
import { graphOfRef } from "../cost/costed_graph.ts";
import { costedFlops } from "../cost/flops.ts";
import { HOSTS, MEMORY_HOSTS, MOST_RUNS, SEED } from "../check/common.ts";
import { type Fields, object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { integer, oneOf } from "../check/rules.ts";
import { startHost } from "../model/host.ts";
import type { StartHost } from "../model/protocol.ts";
import type { DecodeWay } from "../model/info.ts";
import { progress, withPartial } from "../progress.ts";
import { type BenchmarkResult, benchmarkResult, type BenchmarkSample, flopsOptions } from "./benchmark_result.ts";
import { commonWay, waysOf } from "./decode_ways.ts";
import { captureEnvironment } from "./environment.ts";
import { measureMemory, type MemoryResult } from "./memory.ts";
import { noiseBetween, readNoise } from "./noise.ts";
import { checkSameTokens, runSetting } from "./run_setting.ts";
import {
  type BatchSetting,
  checkSetting,
  type GenerationSetting,
  graphOf,
  isGeneration,
  SETTING,
  settingName,
  type ThroughputSetting,
  WAY,
} from "./setting.ts";
import { startStoppable } from "./stoppable.ts";
import { planTexts } from "./text_plan.ts";
import { type WarmUp, warmUp } from "./warm_up.ts";

export interface BenchmarkOptions {
  /** Timed runs. Default 20 for a generation, 50 for a batch. */
  numRuns?: number;
  /** Seed of the random prompt: the same in every run. Default 0. */
  seed?: number;
  /** Fresh hosts of the memory pass; from three on its figure has an interval. Default 1; 0 leaves the pass out. */
  memoryHosts?: number;
}

type GenerationOptions = BenchmarkOptions & { way?: DecodeWay };
type BatchOptions = BenchmarkOptions & { logits?: BatchSetting["logits"] };
type MemoryRunOptions = { hosts?: number; seed?: number };

const BENCHMARK: Fields<BenchmarkOptions> = {
  numRuns: optional(integer({ min: 1, max: MOST_RUNS })),
  seed: optional(SEED),
  memoryHosts: optional(MEMORY_HOSTS),
};
export const GENERATION_OPTIONS = object<GenerationOptions>({ ...BENCHMARK, way: optional(WAY) });
export const BATCH_OPTIONS = object<BatchOptions>({ ...BENCHMARK, logits: optional(oneOf("last", "all")) });
export const MEMORY_OPTIONS = object<MemoryRunOptions>({ hosts: optional(HOSTS), seed: optional(SEED) });

/**
 * Benchmarks of one model. Each starts a process, warms it up until steps take the same time (at least 20), times the
 * runs, and measures memory in a fresh process of its own. After Stop the error holds what was measured (`partialOf`).
 *
 * @example
 * ```ts ignore
 * const bench = new ArchitectureBenchmark("smollm2-135m", { precision: "int4" });
 * const result = await bench.benchmarkGeneration(5, 64, { numRuns: 20 });
 * console.log(result.decodeTokensPerS); // { point: 148.2, low: 147.1, high: 149.3, level: 0.95, n: 20, stderr: 0.5 }
 * ```
 */
export class ArchitectureBenchmark {
  readonly #ref: ModelRef;
  readonly #options: ModelOptions;
  readonly #start: StartHost;

  /** @param start How a host is started; tests give a fake one. */
  constructor(ref: ModelRef, options: ModelOptions = {}, start: StartHost = startHost) {
    checkModel("Cannot measure the model", ref, options);
    this.#ref = ref;
    this.#options = options;
    this.#start = start;
  }

  /**
   * Generate `generationLength` tokens after a random prompt of `promptTokens`, greedily, without stopping at EOS; the
   * KV cache is used and the prompt is the same in every run. Prefill and decode are timed apart.
   *
   * @param generationLength Output tokens, counting the one that prefill gives: at least 2.
   * @param options.way Decode inside the graph ("loop", default where the model can) or token by token ("step", which also
   * shows each gap).
   * @throws {RangeError} For numbers that can't be measured, before anything is started.
   */
  async benchmarkGeneration(
    promptTokens: number,
    generationLength: number,
    options: BenchmarkOptions & { way?: DecodeWay } = {},
  ): Promise<BenchmarkResult> {
    checkOptions("Cannot measure a generation", options, GENERATION_OPTIONS);
    return await this.#benchmark({ promptTokens, newTokens: generationLength }, options, 20);
  }

  /**
   * One forward pass of `batchSize` random sequences of `seqLen` tokens, the head on the last row unless `logits` says "all".
   *
   * @throws {RangeError} For numbers that can't be measured, before anything is started.
   */
  async benchmarkBatchThroughput(
    batchSize: number,
    seqLen: number,
    options: BenchmarkOptions & { logits?: BatchSetting["logits"] } = {},
  ): Promise<BenchmarkResult> {
    checkOptions("Cannot measure a batch", options, BATCH_OPTIONS);
    const { logits = "last", ...rest } = options;
    return await this.#benchmark({ batch: batchSize, seqLen, logits }, rest, 50);
  }

  /**
   * Peak memory while one setting runs, over fresh processes.
   *
   * @param setting Default: 5 prompt tokens and 64 new ones.
   * @param options.hosts Default 3, the least for an interval.
   */
  async measureMemory(
    setting: ThroughputSetting = { promptTokens: 5, newTokens: 64 },
    options: { hosts?: number; seed?: number } = {},
  ): Promise<MemoryResult> {
    checkArgument("Cannot measure memory", "setting", setting, SETTING);
    checkOptions("Cannot measure memory", options, MEMORY_OPTIONS);
    const { hosts = 3, seed = 0 } = options;
    const model = await this.#found(), way = commonWay([waysOf(model)]);
    const planned = (await planTexts({ model }, [setting])).of("model", setting);
    const config = settingName(setting), bar = progress(`Memory of ${config}`, hosts);
    try {
      return await measureMemory(this.#start, this.#ref, this.#options, planned, {
        hosts,
        config,
        seed,
        way,
        onHost: (n) => bar.update(n),
      });
    } finally {
      bar.finish();
    }
  }

  /** Of a model of the hub, headers are enough before it is opened. */
  async #found(): Promise<FoundModel> {
    return await resolveAny(this.#ref, this.#options, "headers");
  }

  async #benchmark(
    setting: GenerationSetting | BatchSetting,
    options: GenerationOptions,
    usualRuns: number,
  ): Promise<BenchmarkResult> {
    const { numRuns = usualRuns, seed = 0, memoryHosts = 1 } = options;
    const found = await this.#found(), spec = isResolvedGraph(found) ? null : found.spec;
    const { way = commonWay([waysOf(found)]) } = options;
    checkSetting(setting, modelFacts(found), { newTokens: "generationLength", batch: "batchSize" });

    const graph = await graphOfRef(found), flops = graph ? costedFlops(graph, flopsOptions(setting)).total : undefined;
    const environment = await captureEnvironment();
    const startedAt = new Date().toISOString(), start = performance.now();
    const samples: BenchmarkSample[] = [];
    let warm: WarmUp = { steps: 0, blockMs: [], flat: false, seconds: 0 };
    let memory: MemoryResult | null = null;
    const host = await startStoppable(this.#start, this.#ref, { ...this.#options, graphs: [graphOf(setting)] });
    const model = host.open.info;
    const bar = progress(`${settingName(setting)}, ${model.name} ${model.precisionLabel}`, numRuns + memoryHosts);
    const result = () =>
      benchmarkResult({
        spec,
        flops,
        setting,
        model,
        way,
        seed,
        samples,
        warmUp: warm,
        memory,
        environment,
        startedAt,
        seconds: (performance.now() - start) / 1000,
      });
    try {
      warm = await warmUp(host, setting, { way, seed, onStep: (n) => bar.update(0, `warm-up, step ${n}`) });
      let first: number[] | null = null;
      for (let run = 0; run < numRuns; run++) {
        const before = readNoise([host.pid]);
        const { sample, ids, counters } = await runSetting(host, setting, { way, seed });
        checkSameTokens(model.name, first, ids);
        first ??= ids;
        samples.push({ ...sample, noise: noiseBetween(before, readNoise([host.pid])), counters });
        bar.update(run + 1, isGeneration(setting) ? "requests" : "forward passes");
      }
      await host.close();
      if (memoryHosts) {
        const onHost = (n: number) => bar.update(numRuns + n, "memory");
        memory = await measureMemory(this.#start, this.#ref, this.#options, setting, {
          hosts: memoryHosts,
          seed,
          way,
          onHost,
        });
      }
      return result();
    } catch (error) {
      throw withPartial(error, samples.length ? result() : undefined);
    } finally {
      bar.finish();
      await host.close();
    }
  }
}
