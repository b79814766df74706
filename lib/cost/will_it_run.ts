/** Whether a model runs on a machine: memory, speed, energy and price before anything is downloaded. */
import { fasterGraph, usableGraph } from "../arch/batch_graph.ts";
import { resolveGraph } from "../arch/foreign/resolve_graph.ts";
import type { ResolvedGraph } from "../arch/foreign/resolved_graph.ts";
import { resolveModel, resolveSpec } from "../arch/resolve.ts";
import { weightsOf } from "../arch/weights_of.ts";
import { isResolved, type ModelSource } from "../arch/resolved.ts";
import type { ArchSpec, ModelRef, Precision } from "../arch/spec.ts";
import { zoo, zooNames } from "../arch/zoo/zoo.ts";
import { catalogNames } from "../store/catalog.ts";
import { parameterCount } from "./bytes.ts";
import { checkModel, PRECISION } from "../arch/ref_fields.ts";
import { BATCH, GIGABYTES, TOKENS } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkOptions } from "../check/options.ts";
import { EFFICIENCY, type Efficiency, efficiencyOf, type Range } from "./efficiency.ts";
import { foreignDemand, foreignPrecision } from "./foreign_demand.ts";
import { HARDWARE, hardware, type Machine } from "./hardware.ts";
import {
  GPU_SERVER,
  type MemoryPlan,
  ONNXRUNTIME_CPU,
  planOf,
  RUNTIME_MEMORY,
  type RuntimeMemory,
} from "./memory_plan.ts";
import { PRICE, type Price, type PriceComparison, priceOf } from "./price.ts";
import { type Roofline, rooflineOf, type StoredWeights, type Work, workOf } from "./roofline.ts";
import { formsOf, storedForms, type WeightForms } from "./weight_forms.ts";
import { commonestKernel, formBytesRead } from "./weight_memory.ts";

const CANNOT = "Cannot estimate whether it runs";

export interface WillItRunOptions {
  /** Default "fp32". */
  precision?: Precision;
  /** Longest sequence, prompt and new tokens together. Default promptTokens + newTokens. */
  contextLength?: number;
  /** Sequences side by side. Default 1. */
  batch?: number;
  /** A name of data/hardware.json, or a machine: measured (`(await measurePeaks()).machine`) or your own. */
  hardware: string | Machine;
  /** Of one request. Default 512 and 128, or what `contextLength` or the model's own context leaves. */
  promptTokens?: number;
  newTokens?: number;
  /** Memory that the model may take, in GB (10^9 bytes). Default: the machine's. */
  memoryGb?: number;
  /** Default: this library on a CPU, a serving engine elsewhere. */
  runtime?: RuntimeMemory;
  /** Shares of the roofline that are reached. Default: by the kind of figures, see `efficiencyOf`. */
  efficiency?: Efficiency;
  /** What time costs here and what an API asks. */
  price?: Price;
}

export const WILL_IT_RUN_OPTIONS = object<WillItRunOptions>({
  precision: optional(PRECISION),
  contextLength: optional(TOKENS),
  batch: optional(BATCH),
  hardware: HARDWARE,
  promptTokens: optional(TOKENS),
  newTokens: optional(TOKENS),
  memoryGb: optional(GIGABYTES),
  runtime: optional(RUNTIME_MEMORY),
  efficiency: optional(EFFICIENCY),
  price: optional(PRICE),
});

export interface WillItRun {
  model: string;
  parameters: number;
  precision: Precision;
  machine: Machine;
  contextLength: number;
  batch: number;
  promptTokens: number;
  newTokens: number;
  memory: MemoryPlan;
  availableBytes: number;
  /** Available minus needed; negative: too little. */
  marginBytes: number;
  fits: boolean;
  roofline: Roofline;
  efficiency: Efficiency;
  /** Tokens/s of one sequence while it decodes, at the mean context. */
  decodeTokensPerS: Range;
  /** What bounds a decode step at its best: arithmetic, memory, or kernels that wait for one another. */
  decodeBound: "compute" | "memory" | "launches";
  /** New tokens/s of all sequences over whole requests, prefill included; null where the FLOP/s are not known. */
  throughputTokensPerS: Range | null;
  /** Time to first token in ms; null where the machine's FLOP/s are not known. */
  ttftMs: Range | null;
  /** Time of a whole request in s. */
  requestS: Range | null;
  /** Energy of a new token in J, prefill included, if the chip draws its whole TDP; null where that is not known. */
  joulesPerToken: Range | null;
  price: PriceComparison | null;
}

/**
 * Memory by part, whether it fits, and the speed to expect.
 *
 * Times are the roofline's over an efficiency range; both are in the result, with where the range comes from.
 *
 * @param ref A reference, a spec, or a name of the zoo.
 * @throws {RangeError} For unknown hardware (the names are listed), counts that are none, or a context longer than the model's.
 * @example
 * ```ts ignore
 * const answer = await willItRun("smollm2-135m", { precision: "int4", contextLength: 2048, hardware: "Raspberry Pi 5" });
 * console.log(answer.fits, answer.decodeTokensPerS); // true { low: 38.5, high: 73.7 }
 * ```
 */
export async function willItRun(ref: ModelRef, options: WillItRunOptions): Promise<WillItRun> {
  checkModel(CANNOT, ref);
  checkOptions(CANNOT, options, WILL_IT_RUN_OPTIONS);
  const precision = options.precision ?? (typeof ref === "object" && "ref" in ref ? ref.precision : undefined);
  const graph = zooNames().includes(ref as string) ? null : await resolveGraph(withoutOptions(ref) as ModelRef);
  if (graph) return await graphWillItRun(graph, options);
  const model = await subjectOf(ref);
  return specWillItRun(model.spec, { ...options, precision }, await model.forms(precision ?? "fp32"));
}

/** A graph that was made elsewhere has the weights that it has. */
async function graphWillItRun(graph: ResolvedGraph, options: WillItRunOptions): Promise<WillItRun> {
  const { facts, weights, name, layout } = graph, precision = foreignPrecision(graph);
  if (options.precision !== undefined && options.precision !== precision && options.precision !== "stored") {
    throw new RangeError(
      `${CANNOT}: the weights of ${graph.path} are ${weights.type}, precision ${options.precision} was asked for; leave ` +
        "it out, or pass the folder's file of that precision",
    );
  }
  const machine = typeof options.hardware === "string" ? hardware(options.hardware) : options.hardware;
  const setting = { ...lengths(options, facts.contextLength), batch: options.batch ?? 1 };
  if (setting.contextLength > facts.contextLength) {
    throw new RangeError(
      `${CANNOT}: contextLength ${setting.contextLength} is longer than the context of ${name}, ` +
        `${facts.contextLength} tokens; pass at most that`,
    );
  }
  const runtime = options.runtime ?? (machine.kind === "cpu" ? ONNXRUNTIME_CPU : GPU_SERVER);
  const convention = machine.kind === "cpu" ? "executed" as const : "causal" as const;
  const { memory, work } = await foreignDemand(graph, { ...setting, runtime, convention });
  return answerOf(
    {
      ...{ model: name, parameters: weights.parameters, precision, ...setting, memory, work },
      layers: facts.layers ?? Math.ceil(layout.caches.length / 2),
      copiesCache: true,
    },
    machine,
    options,
  );
}

/** What is asked about: an architecture, and the forms that its weights have at a precision. */
export interface Subject {
  spec: ArchSpec;
  /** Throws for "stored" where there is no file. */
  forms(precision: Precision): Promise<WeightForms>;
}

/** The subject of a reference, or of a name of the zoo, whose weights need not be here. */
export async function subjectOf(ref: ModelSource): Promise<Subject> {
  const inZoo = typeof ref === "string" && zooNames().includes(ref);
  const hasFile = !inZoo || catalogNames().includes(ref);
  const model = withoutOptions(ref);
  return {
    spec: inZoo ? zoo(ref) : await resolveSpec(model),
    forms: async (precision) =>
      precision === "stored" && hasFile ? storedForms(await weightsOf(await resolveModel(model))) : formsOf(precision),
  };
}

/** `willItRun` of a spec; "stored" needs its forms. */
export function specWillItRun(spec: ArchSpec, options: WillItRunOptions, forms?: WeightForms): WillItRun {
  checkOptions(CANNOT, options, WILL_IT_RUN_OPTIONS);
  const machine = typeof options.hardware === "string" ? hardware(options.hardware) : options.hardware;
  return answerOf(demandOf(spec, machine.kind, options, forms), machine, options);
}

/** What a model asks of every machine of a kind. */
export interface Demand extends
  Pick<
    WillItRun,
    "model" | "parameters" | "precision" | "contextLength" | "batch" | "promptTokens" | "newTokens" | "memory"
  > {
  layers: number;
  work: Work;
  /** Whether this library's decode steps copy the cache. */
  copiesCache: boolean;
}

export function demandOf(
  spec: ArchSpec,
  kind: Machine["kind"],
  options: Omit<WillItRunOptions, "hardware">,
  forms: WeightForms = formsOf(options.precision ?? "fp32"),
): Demand {
  const { precision = "fp32", batch = 1 } = options;
  const setting = { ...lengths(options, spec.contextLength), precision, batch },
    { promptTokens, newTokens, contextLength } = setting;
  const runtime = options.runtime ?? (kind === "cpu" ? ONNXRUNTIME_CPU : GPU_SERVER);
  // Off the CPU, a cache is kept in 16 bits unless all is fp32.
  const half = kind !== "cpu" && precision !== "fp32" && spec.kvCache !== "int8";
  const cacheBytesPerElement = half ? 2 : undefined;
  return {
    model: spec.name,
    parameters: parameterCount(spec),
    layers: spec.layers.length,
    copiesCache: usableGraph(spec, fasterGraph(batch * (promptTokens + newTokens))) === "generate",
    ...setting,
    memory: planOf(spec, forms, { precision, contextLength, batch, promptTokens, runtime, cacheBytesPerElement }),
    work: workOf(spec, {
      precision,
      batch,
      promptTokens,
      context: promptTokens + Math.floor(newTokens / 2),
      cacheBytesPerElement,
      convention: kind === "cpu" ? "executed" : "causal",
    }, precision === "stored" ? storedWeights(spec, forms) : undefined),
  };
}

function storedWeights(spec: ArchSpec, forms: WeightForms): StoredWeights {
  return { bytesRead: (tokens) => formBytesRead(spec, forms, tokens), kernel: commonestKernel(spec, forms) };
}

/** Whether one machine meets a demand, and how fast. */
export function answerOf(demand: Demand, machine: Machine, options: Omit<WillItRunOptions, "hardware">): WillItRun {
  const { work, layers, copiesCache, ...setting } = demand, { batch, promptTokens, newTokens, memory } = setting;
  const availableBytes = Math.min(machine.memoryBytes, 1e9 * (options.memoryGb ?? Infinity));
  const efficiency = options.efficiency ?? efficiencyOf(machine, copiesCache), roof = rooflineOf(work, machine);
  const step = timeRange(roof.decode, efficiency, layers);
  const ttftMs = roof.prefill.computeMs === null ? null : timeRange(roof.prefill, efficiency, layers);
  const requestS = ttftMs && {
    low: (ttftMs.low + (newTokens - 1) * step.low) / 1000,
    high: (ttftMs.high + (newTokens - 1) * step.high) / 1000,
  };
  const throughputTokensPerS = requestS && over(batch * newTokens, requestS), { tdpWatts } = machine;
  return {
    ...setting,
    machine,
    availableBytes,
    marginBytes: availableBytes - memory.totalBytes,
    fits: memory.totalBytes <= availableBytes,
    roofline: roof,
    efficiency,
    decodeTokensPerS: over(1000, step),
    decodeBound: layers * efficiency.layerMs.low > step.low / 2 ? "launches" : roof.decode.bound,
    throughputTokensPerS,
    ttftMs,
    requestS,
    joulesPerToken: throughputTokensPerS && tdpWatts ? over(tdpWatts, throughputTokensPerS) : null,
    price: options.price ? priceOf(options.price, { promptTokens, newTokens, throughputTokensPerS, tdpWatts }) : null,
  };
}

/** A reference without the options of a run, which a spec does not depend on: precisions that can't run here are asked about too. */
function withoutOptions(ref: ModelSource): ModelSource {
  if (typeof ref === "string" || isResolved(ref) || !("ref" in ref)) return ref;
  const { precision: _precision, provider: _provider, threads: _threads, ...rest } = ref;
  return rest;
}

/** @param longest The model's own context, for what is not given. */
function lengths(
  options: Pick<WillItRunOptions, "contextLength" | "promptTokens" | "newTokens">,
  longest: number,
): { promptTokens: number; newTokens: number; contextLength: number } {
  const { contextLength: most = longest, newTokens = Math.min(128, Math.max(1, Math.floor(most / 4))) } = options;
  const promptTokens = options.promptTokens ?? Math.min(512, Math.max(1, most - newTokens));
  const contextLength = options.contextLength ?? promptTokens + newTokens;
  if (promptTokens + newTokens > contextLength) {
    throw new RangeError(
      `Cannot estimate whether it runs: ${promptTokens} prompt tokens and ${newTokens} new ones do not fit into ` +
        `contextLength ${contextLength}`,
    );
  }
  return { promptTokens, newTokens, contextLength };
}

/** The time of a phase at the best and at the worst efficiency. */
function timeRange(
  { computeMs, weightMs, cacheMs }: Roofline["decode"],
  { compute, memory, cache, layerMs }: Efficiency,
  layers: number,
): Range {
  const at = (end: "low" | "high", share: "low" | "high") =>
    layers * layerMs[end] +
    Math.max((computeMs ?? 0) / compute[share], weightMs / memory[share] + cacheMs / cache[share]);
  return { low: at("low", "high"), high: at("high", "low") };
}

/** amount / range, which turns it round. */
function over(amount: number, { low, high }: Range): Range {
  return { low: amount / high, high: amount / low };
}
