/** The memory that a running model needs, part by part. */
import { fasterGraph, usableGraph } from "../arch/batch_graph.ts";
import type { Precision } from "../arch/model_ref.ts";
import type { ArchSpec } from "../arch/spec.ts";
import { peakActivationBytes } from "./activations.ts";
import { kvBytesPerToken, kvCacheBytes, recurrentStateBytes } from "./bytes.ts";
import { PRECISION } from "../arch/ref_fields.ts";
import { BATCH, ELEMENT_BYTES, TOKENS } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkOptions } from "../check/options.ts";
import { flag, quantity, text } from "../check/rules.ts";
import { formsOf, type WeightForms } from "./weight_forms.ts";
import { type WeightMemory, weightMemory } from "./weight_memory.ts";

export interface MemoryPlanOptions {
  precision: Precision;
  /** Tokens that the cache holds at its longest. */
  contextLength: number;
  /** Sequences. Default 1. */
  batch?: number;
  /** Tokens of the prompt, which prefill reads in one pass. Default: half of `contextLength`. */
  promptTokens?: number;
  /** Bytes of a number in the KV cache. Default: as the spec keeps it, 4 for fp32 and 1 for int8. */
  cacheBytesPerElement?: number;
  /** Default: this library's, onnxruntime on the CPU. */
  runtime?: RuntimeMemory;
}

/** How a runtime holds a model: what it takes beside one copy of the weights and of the cache. */
export interface RuntimeMemory {
  /** Whether a tied head is packed for its product while the embedding keeps the table as it was. */
  packsTiedHead: boolean;
  /**
   * Whether weights are mapped from a file and packed into memory of the process, as onnxruntime's CPU kernels do: blocks
   * get a sum each, their scales stay mapped, and of tables that are looked up the pages that were read count. Default false:
   * one copy of everything.
   */
  packsMatrices?: boolean;
  /** Whether every token stays in the cache, though a window would need fewer. */
  keepsWholeContext: boolean;
  /** Caches that live at once during prefill, and while decoding. */
  prefillCaches: number;
  decodeCaches: number;
  /** Caches that live at once while the batch graph decodes, which leaves the past in its place. Default: `decodeCaches`. */
  decodeCachesInPlace?: number;
  /** Weights that live at once while they are loaded, beside packed ones. */
  loadCopies: number;
  /** Code, graph and arena, in bytes, beside what a process holds before it loads anything. */
  ownBytes: number;
  source: string;
}

const COPIES = quantity({ min: 0, max: 1000 });
export const RUNTIME_MEMORY = object<RuntimeMemory>({
  packsTiedHead: flag,
  packsMatrices: optional(flag),
  keepsWholeContext: flag,
  prefillCaches: COPIES,
  decodeCaches: COPIES,
  decodeCachesInPlace: optional(COPIES),
  loadCopies: COPIES,
  ownBytes: quantity({ min: 0 }),
  source: text,
});
export const MEMORY_PLAN_OPTIONS = object<MemoryPlanOptions>({
  precision: PRECISION,
  contextLength: TOKENS,
  batch: optional(BATCH),
  promptTokens: optional(TOKENS),
  cacheBytesPerElement: optional(ELEMENT_BYTES),
  runtime: optional(RUNTIME_MEMORY),
});

/**
 * This library on the CPU. A decode step writes the grown cache beside the old one, and the arena keeps blocks of earlier
 * sizes, which no longer fit: together about 4 caches, and 3 where only what is new grows. Its own: 24 MB of the library's code, and 10 to 35 MB of graph,
 * tokenizer and heap.
 */
export const ONNXRUNTIME_CPU: RuntimeMemory = {
  packsTiedHead: true,
  packsMatrices: true,
  keepsWholeContext: true,
  prefillCaches: 2,
  decodeCaches: 4,
  decodeCachesInPlace: 3,
  loadCopies: 1,
  ownBytes: 40e6,
  source:
    "onnxruntime-node 1.30 on the CPU, beside about 0.1 GB that its process holds before it loads; by VmHWM and " +
    "/proc/PID/smaps of hosts of SmolLM2-135M and Gemma 3 270M at fp32, int8, int4 and stored",
};

/** A serving engine on a GPU: one cache in pages, and the context of the driver. */
export const GPU_SERVER: RuntimeMemory = {
  packsTiedHead: false,
  keepsWholeContext: false,
  prefillCaches: 1,
  decodeCaches: 1,
  loadCopies: 1,
  ownBytes: 0.8e9,
  source: "assumed: one copy of all, and 0.8 GB for the driver's context and workspaces; not measured",
};

export interface MemoryPart {
  part: "weights" | "packed head" | "cache" | "activations" | "runtime";
  bytes: number;
  /** What it is made of, in words. */
  what: string;
}

export interface MemoryPlan {
  /** Largest while the model runs; 0 where a part is not needed. */
  parts: MemoryPart[];
  /** Sum of the parts. */
  runBytes: number;
  /** While the weights are loaded. */
  loadBytes: number;
  /** The larger of the two: what must be there. */
  totalBytes: number;
  runtime: string;
}

/**
 * Memory by part at the longest context.
 *
 * @throws {RangeError} For a count that is no whole number, a context longer than the model's, or "stored", whose bytes
 * only its file knows (`willItRun` reads them there).
 */
export function memoryPlan(spec: ArchSpec, options: MemoryPlanOptions): MemoryPlan {
  checkOptions("Cannot plan memory", options, MEMORY_PLAN_OPTIONS);
  return planOf(spec, formsOf(options.precision), options);
}

/** Memory of weights in given forms; `logits` are the rows that the prompt's head runs on. */
export function planOf(
  spec: ArchSpec,
  forms: WeightForms,
  options: MemoryPlanOptions & { logits?: "last" | "all" },
): MemoryPlan {
  const { precision, contextLength, batch = 1, runtime = ONNXRUNTIME_CPU, logits } = options;
  const { promptTokens = Math.ceil(contextLength / 2), cacheBytesPerElement } = options;
  if (contextLength > spec.contextLength) {
    throw new RangeError(
      `Cannot plan memory: contextLength ${contextLength} is longer than the context of ${spec.name}, ` +
        `${spec.contextLength} tokens; pass at most that`,
    );
  }
  if (promptTokens > contextLength) {
    throw new RangeError(
      `Cannot plan memory: promptTokens ${promptTokens} do not fit into contextLength ${contextLength}`,
    );
  }
  const held = weightMemory(spec, forms, contextLength, batch);
  const moments = [
    {
      tokens: promptTokens,
      copies: runtime.prefillCaches,
      activations: peakActivationBytes(spec, { tokens: promptTokens, batch, logits }),
      moment: "while the prompt is read",
    },
    {
      tokens: contextLength,
      copies: decodeCopies(spec, runtime, batch * contextLength),
      activations: peakActivationBytes(spec, { tokens: 1, past: contextLength - 1, batch }),
      moment: "at the longest context",
    },
  ].slice(0, contextLength > promptTokens ? 2 : 1);
  const peak = moments.map((at) => {
    const cache = cacheBytes(spec, at.tokens, at.copies, { batch, runtime, cacheBytesPerElement });
    return { ...at, cache, bytes: cache + at.activations };
  }).reduce((a, b) => b.bytes > a.bytes ? b : a);
  const parts: MemoryPart[] = [
    ...weightParts(spec, precision, held, runtime),
    {
      part: "cache",
      bytes: peak.cache,
      what: `${peak.copies} × ${peak.tokens} tokens × ${batch}, ${peak.moment}`,
    },
    { part: "activations", bytes: peak.activations, what: `fp32, ${peak.moment}` },
    { part: "runtime", bytes: runtime.ownBytes, what: "code, graph and what the allocator keeps" },
  ];
  const runBytes = parts.reduce((sum, p) => sum + p.bytes, 0);
  const { fileBytes, packedBytes, packedHeadBytes } = held;
  const packed = runtime.packsMatrices ? packedBytes + packedHeadBytes : 0;
  const loadBytes = runtime.loadCopies * fileBytes + packed + runtime.ownBytes;
  return { parts, runBytes, loadBytes, totalBytes: Math.max(runBytes, loadBytes), runtime: runtime.source };
}

function decodeCopies(spec: ArchSpec, runtime: RuntimeMemory, cachedTokens: number): number {
  const { decodeCaches, decodeCachesInPlace = decodeCaches } = runtime;
  return usableGraph(spec, fasterGraph(cachedTokens)) === "batch" ? decodeCachesInPlace : decodeCaches;
}

function weightParts(
  spec: ArchSpec,
  precision: Precision,
  { fileBytes, packedBytes, packedHeadBytes, mappedBytes }: WeightMemory,
  { packsMatrices, packsTiedHead }: RuntimeMemory,
): MemoryPart[] {
  const isTwice = packsTiedHead && spec.tiedHead, head = "the tied head, packed for its product beside the embedding";
  if (!packsMatrices) {
    return [
      { part: "weights", bytes: fileBytes, what: `${precision}, every expert and table` },
      { part: "packed head", bytes: isTwice ? packedHeadBytes : 0, what: head },
    ];
  }
  return [
    {
      part: "weights",
      bytes: packedBytes + mappedBytes + (isTwice ? 0 : packedHeadBytes),
      what: `${precision}, every expert packed for its product; scales, and what is looked up of tables, from the file`,
    },
    { part: "packed head", bytes: isTwice ? packedHeadBytes : 0, what: head },
  ];
}

function cacheBytes(
  spec: ArchSpec,
  tokens: number,
  copies: number,
  { batch, runtime, cacheBytesPerElement }: {
    batch: number;
    runtime: RuntimeMemory;
    cacheBytesPerElement: number | undefined;
  },
): number {
  const states = batch * recurrentStateBytes(spec);
  const growing = runtime.keepsWholeContext
    ? batch * tokens * kvBytesPerToken(spec, cacheBytesPerElement)
    : kvCacheBytes(spec, tokens, { batch, bytesPerElement: cacheBytesPerElement }) - states;
  // A recurrent state is written beside the old one and does not grow.
  return copies * growing + Math.min(2, copies) * states;
}
