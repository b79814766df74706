/** What a model asks of a machine, whichever one: memory by part, and the work of a prefill and of a decode step. */
import { fasterGraph, usableGraph } from "../arch/batch_graph.ts";
import type { Precision } from "../arch/model_ref.ts";
import type { ArchSpec } from "../arch/spec.ts";
import { parameterCount } from "./bytes.ts";
import type { Machine } from "./hardware.ts";
import { GPU_SERVER, type MemoryPlan, ONNXRUNTIME_CPU, planOf, type RuntimeMemory } from "./memory_plan.ts";
import { type StoredWeights, workOf } from "./roofline.ts";
import type { Work } from "./work.ts";
import { formsOf, type WeightForms } from "./weight_forms.ts";
import { commonestKernel, formBytesRead } from "./weight_memory.ts";

export const CANNOT = "Cannot estimate whether it runs";

export interface DemandOptions {
  /** Default "fp32". */
  precision?: Precision;
  /** Longest sequence, prompt and new tokens together. Default promptTokens + newTokens. */
  contextLength?: number;
  /** Sequences side by side. Default 1. */
  batch?: number;
  /** Of one request. Default 512 and 128, or what `contextLength` or the model's own context leaves. */
  promptTokens?: number;
  newTokens?: number;
  /** Default: this library on a CPU, a serving engine elsewhere. */
  runtime?: RuntimeMemory;
}

/** What a model asks of every machine of a kind. */
export interface Demand {
  model: string;
  parameters: number;
  precision: Precision;
  contextLength: number;
  batch: number;
  promptTokens: number;
  newTokens: number;
  memory: MemoryPlan;
  layers: number;
  work: Work;
  /** Whether this library's decode steps copy the cache. */
  copiesCache: boolean;
}

export function demandOf(
  spec: ArchSpec,
  kind: Machine["kind"],
  options: DemandOptions,
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

/** @param longest The model's own context, for what is not given. */
export function lengths(
  options: Pick<DemandOptions, "contextLength" | "promptTokens" | "newTokens">,
  longest: number,
): { promptTokens: number; newTokens: number; contextLength: number } {
  const { contextLength: most = longest, newTokens = Math.min(128, Math.max(1, Math.floor(most / 4))) } = options;
  const promptTokens = options.promptTokens ?? Math.min(512, Math.max(1, most - newTokens));
  const contextLength = options.contextLength ?? promptTokens + newTokens;
  if (promptTokens + newTokens > contextLength) {
    throw new RangeError(
      `${CANNOT}: ${promptTokens} prompt tokens and ${newTokens} new ones do not fit into ` +
        `contextLength ${contextLength}`,
    );
  }
  return { promptTokens, newTokens, contextLength };
}
