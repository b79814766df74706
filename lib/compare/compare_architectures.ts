/** Architectures x settings x tasks -> one comparison. */
import { MODEL_OPTIONS, MODELS } from "../arch/ref_fields.ts";
import type { FoundModel } from "../arch/model_facts.ts";
import { resolveModels, withWeights } from "../arch/resolve_models.ts";
import type { ModelOptions, ModelRef } from "../arch/model_ref.ts";
import { BAND, MEMORY_HOSTS, SEED } from "../check/common.ts";
import { names, object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { byType, entries, func, list, text } from "../check/rules.ts";
import { QualityBenchmark } from "../eval/quality_benchmark.ts";
import { findTask } from "../eval/registry.ts";
import { taskGraph } from "../eval/task.ts";
import { TASK_OPTIONS, type TaskOptions } from "../eval/task_options.ts";
import type { Row } from "../eval/types.ts";
import { wayOf, waysTaken } from "../measure/decode_ways.ts";
import { captureEnvironment } from "../measure/environment.ts";
import { identicalModels } from "../measure/identical.ts";
import { measureMemory } from "../measure/memory.ts";
import { keptRounds } from "../measure/rounds.ts";
import { ROUNDS, type RoundsBudget } from "../measure/rounds_plan.ts";
import type { RoundsResult } from "../measure/rounds_result.ts";
import { SETTING, settingName, type ThroughputSetting, WAY } from "../measure/setting.ts";
import { startStoppable, stoppable } from "../measure/stoppable.ts";
import type { TextPlan } from "../measure/text_plan.ts";
import { type SourceText, TEXTS } from "../measure/text_sample.ts";
import { partialOf, progress, withPartial } from "../progress.ts";
import { ResultStore } from "../store/results.ts";
import { STORE } from "../store/store_field.ts";
import { keepTwins } from "./trust.ts";
import { HostError, startHost } from "../model/host.ts";
import type { StartHost } from "../model/protocol.ts";
import type { DecodeWay } from "../model/info.ts";
import { QUALITY_BAND, SPEED_BAND } from "../stats/verdict.ts";
import { checkComparison } from "./check_comparison.ts";
import { Comparison } from "./comparison.ts";
import type { ComparisonRaw } from "./raw.ts";

export interface CompareOptions extends Pick<ModelOptions, "provider" | "threads"> {
  /** Requests, in tokens or in bytes of a text, and batches to time. Default: none. */
  throughput?: ThroughputSetting[];
  /** Tasks by name, with options or with rows of your own. Default: none. */
  tasks?: Record<string, TaskOptions | Row[]>;
  /** Default: the first name. */
  baseline?: string;
  /** So many rounds exactly, or a budget. Default: until intervals are narrow, at most 120 rounds or 3 minutes a setting. */
  rounds?: number | Partial<RoundsBudget>;
  /** Seed of the order and of random prompts. Default 0. */
  seed?: number;
  /**
   * One way of decoding for all models: "loop", inside the graph, or "step", a run of the graph for each token. Default
   * "loop" where all can, else "step". Where a model cannot as asked, the pair is marked "ways differ" and has no verdict.
   */
  way?: DecodeWay;
  /** Fresh processes for each memory figure; 0 leaves them out. Default 3. */
  memoryHosts?: number;
  /**
   * Where tokenizers differ, speed is compared in bytes of these texts; settings in bytes read them one behind the other.
   * Default: HellaSwag's contexts with their right endings, 500 rows over the whole split.
   */
  texts?: (string | SourceText)[];
  /** Within these a speed-up and a difference of scores count as the same. Default 0.01 (1 %) and 0.02 (2 points). */
  band?: { speed?: number; quality?: number };
  /**
   * Where rounds and the items of tasks are kept as they are finished, and taken from after an interruption, and the
   * twins' pairs over runs; null keeps none. Default: `results/` in the project, for real hosts.
   */
  store?: ResultStore | null;
  /** How a host is started; tests give a fake one. */
  start?: StartHost;
}

const ROWS_OR_OPTIONS = byType({ list: entries<Row>(), object: TASK_OPTIONS }, "options of the task, or rows");
export const COMPARE_OPTIONS = object<CompareOptions>({
  throughput: optional(list(SETTING)),
  tasks: optional(names<TaskOptions | Row[]>(ROWS_OR_OPTIONS, "options")),
  baseline: optional(text),
  rounds: optional(ROUNDS),
  seed: optional(SEED),
  way: optional(WAY),
  memoryHosts: optional(MEMORY_HOSTS),
  texts: optional(TEXTS),
  band: optional(object<{ speed?: number; quality?: number }>({ speed: optional(BAND), quality: optional(BAND) })),
  store: optional(STORE),
  start: optional(func()),
  provider: MODEL_OPTIONS.fields.provider,
  threads: MODEL_OPTIONS.fields.threads,
});

/**
 * Compare models: speed in paired, randomised rounds with a twin of the baseline, memory in fresh processes, quality on
 * the same items. Each number has an interval, each difference a verdict that holds over all primary metrics together
 * (decode speed of each request, throughput of each batch, each task's first metric).
 *
 * Where models have different tokenizers, a token of one is not the text of a token of another: there speed is compared
 * in bytes of the same text a second (`decode_bytes_s`), and tokens a second are shown without a verdict.
 *
 * A graph that another program made (an ONNX folder or file) is measured as it is. It decodes by a run for each token, so
 * beside one all models do (`raw.way`): a loop inside of one graph beside steps of another would compare runtimes.
 *
 * After Stop or an error that ends it, the error holds the comparison so far (`partialOf`).
 *
 * @param models References by the name under which each is shown. One alone is measured without a summary.
 * @throws {RangeError} For models, settings, tasks or rounds that there are not, before anything is started.
 * @throws {TypeError} For an option that is not known, models without names, or two models whose speeds have no common
 * measure: their tokenizers differ, and one cannot be opened.
 * @example
 * ```ts ignore
 * const comparison = await compareArchitectures(
 *   { baseline: "smollm2-135m", int4: { ref: "smollm2-135m", precision: "int4" } },
 *   { throughput: [{ promptTokens: 5, newTokens: 64 }], tasks: { hellaswag: { limit: 200 } } },
 * );
 * comparison.summary.print();
 * ```
 */
export async function compareArchitectures(
  models: Record<string, ModelRef>,
  options: CompareOptions = {},
): Promise<Comparison> {
  checkArgument("Cannot compare", "models", models, MODELS);
  checkOptions("Cannot compare", options, COMPARE_OPTIONS);
  const { throughput = [], tasks = {}, seed = 0, way, memoryHosts = 3, start = startHost, provider, threads } = options;
  const names = Object.keys(models), { baseline = names[0] } = options;
  const store = options.store === undefined && start === startHost ? new ResultStore() : options.store;
  const modelOptions = { provider, threads }, headers = await resolveModels(models, modelOptions, "headers");
  const plan = await checkComparison(headers, baseline, options);
  const found = await withWeights(headers, models, modelOptions);
  store?.checkWritable();
  const began = performance.now();
  const raw: ComparisonRaw = {
    version: 1,
    models: Object.fromEntries(names.map((name) => [name, { ref: models[name], info: null, memory: {} }])),
    baseline,
    seed,
    ...waysTaken(found, way),
    band: { speed: options.band?.speed ?? SPEED_BAND, quality: options.band?.quality ?? QUALITY_BAND },
    settings: [],
    rounds: [],
    warmUps: [],
    failures: [],
    tasks: {},
    twin: null,
    trust: null,
    text: plan.text,
    betweenTokenizers: plan.betweenTokenizers,
    identical: identicalModels(found),
    environment: await captureEnvironment(),
    startedAt: new Date().toISOString(),
    seconds: 0,
    stoppedBy: {},
    resumed: null,
    startedAnew: null,
  };
  let kept: Awaited<ReturnType<typeof keptRounds>> | null = null;
  try {
    if (throughput.length) {
      const comparisons = Math.max(1, (names.length - 1) * (throughput.length + Object.keys(tasks).length));
      const { rounds } = options;
      const roundsOptions = { baseline, rounds, seed, way, comparisons, start, store, ...modelOptions };
      kept = await keptRounds(found, throughput, roundsOptions, plan);
      addRounds(raw, kept.result);
      if (store) raw.trust = keepTwins(raw, store);
      await addMemory(raw, found, { throughput, plan, hosts: memoryHosts, start });
    }
    await addTasks(raw, found, tasks, { start, store: store ?? null });
    raw.seconds = (performance.now() - began) / 1000;
    kept?.end();
    return new Comparison(raw);
  } catch (error) {
    const rounds = partialOf<RoundsResult>(error);
    kept?.release();
    if (rounds) addRounds(raw, rounds);
    raw.seconds = (performance.now() - began) / 1000;
    throw withPartial(error, raw.rounds.length || Object.keys(raw.tasks).length ? new Comparison(raw) : undefined);
  }
}

function addRounds(
  raw: ComparisonRaw,
  { settings, rounds, warmUps, failures, models, twin, environment, resumed, startedAnew }: RoundsResult,
): void {
  Object.assign(raw, { settings, rounds, warmUps, environment, resumed, startedAnew, twin: { name: twin } });
  raw.failures.push(...failures);
  raw.stoppedBy = Object.fromEntries(settings.map((s) => [s.config, s.stoppedBy]));
  for (const [name, info] of Object.entries(models)) if (name in raw.models) raw.models[name].info = info;
}

async function addMemory(
  raw: ComparisonRaw,
  models: Record<string, FoundModel>,
  { throughput, plan, hosts, start }: {
    throughput: ThroughputSetting[];
    plan: TextPlan;
    hosts: number;
    start: StartHost;
  },
): Promise<void> {
  if (!hosts) return;
  const work = Object.entries(raw.models).flatMap(([name, model]) =>
    throughput.map((setting) => ({ name, model, setting }))
  );
  const bar = progress("Memory", work.length * hosts);
  try {
    for (const [i, { name, model, setting }] of work.entries()) {
      const config = settingName(setting);
      if (raw.failures.some((f) => f.model === name)) continue;
      const onHost = (done: number) => bar.update(i * hosts + done, `${name}, ${config}`);
      await orFailure(raw, name, `memory of ${config}`, async () => {
        model.memory[config] = await measureMemory(start, models[name], {}, plan.of(name, setting), {
          hosts,
          config,
          seed: raw.seed,
          way: wayOf(raw, name),
          onHost,
        });
      });
    }
    bar.update(work.length * hosts);
  } finally {
    bar.finish();
  }
}

/** All tasks of one model in one process. */
async function addTasks(
  raw: ComparisonRaw,
  models: Record<string, FoundModel>,
  tasks: Record<string, TaskOptions | Row[]>,
  { start, store }: { start: StartHost; store: ResultStore | null },
): Promise<void> {
  const names = Object.keys(tasks);
  if (!names.length) return;
  for (const task of names) raw.tasks[task] = {};
  const graphs = [...new Set(names.map((task) => taskGraph(findTask(task))))];
  const bar = progress("Tasks", Object.keys(raw.models).length * names.length);
  let done = 0;
  try {
    for (const [name, model] of Object.entries(raw.models)) {
      bar.update(done, name);
      await orFailure(raw, name, names.join(", "), async () => {
        const host = await startStoppable(start, models[name], { graphs });
        try {
          model.info ??= host.open.info;
          const quality = new QualityBenchmark(models[name], {}, start);
          for (const task of names) {
            const given = tasks[task], rows = Array.isArray(given) ? given : undefined;
            const taskOptions = Array.isArray(given) ? {} : given;
            const work = quality.evaluateTask(task, rows, { ...taskOptions, host, store });
            raw.tasks[task][name] = await stoppable(host, work);
            bar.update(++done, `${name}, ${task}`);
          }
        } finally {
          await host.close();
        }
      });
    }
  } finally {
    bar.finish();
  }
}

/** A host that died is written down, and the others go on; any other error ends the comparison. */
async function orFailure(raw: ComparisonRaw, model: string, config: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    raw.failures.push({ model, config, block: null, reason: error.message });
  }
}
