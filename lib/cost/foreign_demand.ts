/** Memory and work of a graph that was made elsewhere: counted from it, by the terms of `planOf` and `workOf`. */
import type { ResolvedGraph } from "../arch/foreign/resolved_graph.ts";
import type { Precision } from "../arch/spec.ts";
import { ForeignCosts } from "./foreign_costs.ts";
import type { FlopsConvention } from "./flops_convention.ts";
import type { GraphCost } from "./graph_cost.ts";
import { type MemoryPart, type MemoryPlan, ONNXRUNTIME_CPU, type RuntimeMemory } from "./memory_plan.ts";
import type { Work } from "./roofline.ts";

export interface ForeignSetting {
  contextLength: number;
  batch: number;
  promptTokens: number;
  runtime?: RuntimeMemory;
}

/** Bytes that a token, and a sequence whatever its length, has in the graph's own caches. */
export function foreignCacheBytes({ layout }: ResolvedGraph): { token: number; state: number } {
  let token = 0, state = 0;
  for (const { type, dims } of layout.caches) {
    const bytes = (type === "float16" ? 2 : 4) * dims.reduce<number>((n, d) => n * (d === "slots" ? 1 : d), 1);
    if (dims.includes("slots")) token += bytes;
    else state += bytes;
  }
  return { token, state };
}

export async function foreignPlan(found: ResolvedGraph, setting: ForeignSetting): Promise<MemoryPlan> {
  return planFrom(await ForeignCosts.of(found), setting);
}

/** The kernels' precision of a graph's weights. */
export function foreignPrecision({ weights: { type } }: ResolvedGraph): Precision {
  const known: Precision[] = ["fp16", "bf16", "int8", "int4"];
  return known.find((precision) => precision === type) ?? "fp32";
}

export async function foreignDemand(
  found: ResolvedGraph,
  setting: ForeignSetting & { newTokens: number; convention: FlopsConvention },
): Promise<{ memory: MemoryPlan; work: Work }> {
  const costs = await ForeignCosts.of(found), { batch, promptTokens, newTokens, convention } = setting;
  const { token, state } = foreignCacheBytes(found), context = promptTokens + Math.floor(newTokens / 2);
  const phase = ({ flops, bytes }: GraphCost, cacheBytes: number) => ({
    flops: flops[convention],
    weightBytes: bytes.weights,
    cacheBytes,
  });
  const prefill = costs.pass({ batch, tokens: promptTokens, past: 0 });
  const decode = costs.pass({ batch, tokens: 1, past: context });
  const work: Work = {
    precision: foreignPrecision(found),
    batch,
    convention,
    prefill: phase(prefill, batch * (promptTokens * token + state)),
    decode: phase(decode, batch * ((context + 1) * token + 2 * state)), // read, the new one written; a state both
  };
  return { memory: planFrom(costs, setting), work };
}

function planFrom(costs: ForeignCosts, setting: ForeignSetting): MemoryPlan {
  const { contextLength, batch, promptTokens, runtime = ONNXRUNTIME_CPU } = setting;
  const { weights } = costs.found, { token, state } = foreignCacheBytes(costs.found);
  const moment = (tokens: number, past: number, copies: number, moment: string) => {
    const activations = costs.pass({ batch, tokens, past }).peakActivations.bytes;
    const cache = batch * (copies * (past + tokens) * token + Math.min(2, copies) * state);
    return { activations, cache, copies, tokens: past + tokens, moment };
  };
  const moments = [moment(promptTokens, 0, runtime.prefillCaches, "while the prompt is read")];
  if (contextLength > promptTokens) {
    moments.push(moment(1, contextLength - 1, runtime.decodeCaches, "at the longest context"));
  }
  const peak = moments.reduce((a, b) => b.cache + b.activations > a.cache + a.activations ? b : a);
  const parts: MemoryPart[] = [
    { part: "weights", bytes: weights.bytes, what: `${weights.type}, as the graph stores them` },
    { part: "packed head", bytes: 0, what: "a head that the graph ties has its table twice in the weights" },
    {
      part: "cache",
      bytes: peak.cache,
      what: `${peak.copies} × ${peak.tokens} tokens × ${batch}, ${peak.moment}`,
    },
    { part: "activations", bytes: peak.activations, what: `from the graph, ${peak.moment}` },
    { part: "runtime", bytes: runtime.ownBytes, what: "code, graph and what the allocator keeps" },
  ];
  const runBytes = parts.reduce((sum, p) => sum + p.bytes, 0);
  const packed = runtime.packsMatrices ? weights.bytes : 0;
  const loadBytes = runtime.loadCopies * weights.bytes + packed + runtime.ownBytes;
  return { parts, runBytes, loadBytes, totalBytes: Math.max(runBytes, loadBytes), runtime: runtime.source };
}
