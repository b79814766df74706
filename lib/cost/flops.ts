/** FLOPs of a forward pass and of a generation, in closed form from the architecture. */
import { resolveSpec } from "../arch/resolve.ts";
import { layerBlocks, layerParameters } from "../arch/blocks/layer.ts";
import type { ModelRef } from "../arch/model_ref.ts";
import type { ArchSpec, ChannelSpec, LayerSpec } from "../arch/spec.ts";
import { BATCH, PAST, TOKENS } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkOptions } from "../check/options.ts";
import { oneOf } from "../check/rules.ts";
import { checkContext } from "./context.ts";
import { type CostedGraph, graphOfRef } from "./costed_graph.ts";
import { CONVENTION, type Flops, type FlopsConvention } from "./flops_convention.ts";
import { sumOfSteps } from "./graph_steps.ts";
import { mixingElementwise, mixingFlops, pairsOf } from "./mixing.ts";

export interface FlopsOptions {
  /** Tokens of each prompt. */
  promptTokens: number;
  /** Output tokens of each sequence, counting the one that prefill gives: newTokens - 1 decode steps. Default 1. */
  newTokens?: number;
  /** Sequences. Default 1. */
  batch?: number;
  /** Prompt rows that the head runs on. Default "last". */
  logits?: "all" | "last";
  /** Default "causal". */
  convention?: FlopsConvention;
}

export interface LayerFlopsOptions {
  /** New tokens of each sequence. */
  tokens: number;
  /** Tokens in the KV cache. Default 0. */
  past?: number;
  /** Sequences. Default 1. */
  batch?: number;
  /** Default "causal". */
  convention?: FlopsConvention;
}

export const LOGITS = oneOf("all", "last");
export const FLOPS_OPTIONS = object<FlopsOptions>({
  promptTokens: TOKENS,
  newTokens: optional(TOKENS),
  batch: optional(BATCH),
  logits: optional(LOGITS),
  convention: optional(CONVENTION),
});
export const LAYER_FLOPS_OPTIONS = object<LayerFlopsOptions>({
  tokens: TOKENS,
  past: optional(PAST),
  batch: optional(BATCH),
  convention: optional(CONVENTION),
});

/**
 * FLOPs of a prompt's prefill and of decoding after it. Formulas: Kaplan et al. 2020 (arXiv 2001.08361), table 1, with
 * grouped heads and a gated MLP; biases and embedding look-ups are left out. Exact integers below 2^53.
 *
 * @param ref Also any .onnx file, or a folder of a graph made elsewhere, which is counted as it runs, with what `optimise` adds: `logits` has no say
 * there, the graph's head runs on the rows that it runs on.
 * @returns FLOPs of all sequences of the batch together.
 * @throws {RangeError} If a count is not a whole number or beyond the model's context, or a convention is unknown.
 * @example
 * ```ts ignore
 * const { decode } = await estimateFlops("smollm2-135m", { promptTokens: 512, newTokens: 2 });
 * console.log(decode); // 304418304: one step behind 512 tokens
 * ```
 */
export async function estimateFlops(ref: ModelRef, options: FlopsOptions): Promise<Flops> {
  checkOptions("Cannot estimate FLOPs", options, FLOPS_OPTIONS);
  const graph = await graphOfRef(ref);
  return graph ? costedFlops(graph, options) : specFlops(await resolveSpec(ref), options);
}

/** `estimateFlops` of a graph that was read. */
export function costedFlops(graph: CostedGraph, options: FlopsOptions): Flops {
  const { promptTokens, newTokens = 1, batch = 1, convention = "causal" } = options;
  requireContext(graph, promptTokens, newTokens);
  const prefill = graph.flops({ batch, tokens: promptTokens, past: 0 }, convention);
  const step = (past: number) => graph.flops({ batch, tokens: 1, past }, convention);
  const decode = sumOfSteps(promptTokens, promptTokens + newTokens - 1, step);
  return { prefill, decode, total: prefill + decode };
}

/** `estimateFlops` of a spec. */
export function specFlops(spec: ArchSpec, options: FlopsOptions): Flops {
  checkOptions("Cannot estimate FLOPs", options, FLOPS_OPTIONS);
  requireContext(spec, options.promptTokens, options.newTokens ?? 1);
  return countFlops(spec, options);
}

function requireContext(model: Parameters<typeof checkContext>[1], promptTokens: number, newTokens: number): void {
  const what = newTokens > 1
    ? `promptTokens ${promptTokens} and newTokens ${newTokens}`
    : `promptTokens ${promptTokens}`;
  // The last new token is never read.
  checkContext("Cannot estimate FLOPs", model, promptTokens + newTokens - 1, what);
}

/** FLOPs of so many tokens, whatever the context. */
export function countFlops(spec: ArchSpec, options: FlopsOptions): Flops {
  const { promptTokens, newTokens = 1, batch = 1, logits = "last", convention = "causal" } = options;
  const forward = (tokens: number, past: number, rows: number) =>
    sum(countLayerFlops(spec, { tokens, past, batch, convention })) +
    headFlops(spec, batch * tokens, batch * rows, convention);
  const prefill = forward(promptTokens, 0, logits === "all" ? promptTokens : 1);
  const decode = sumOfSteps(promptTokens, promptTokens + newTokens - 1, (past) => forward(1, past, 1));
  return { prefill, decode, total: prefill + decode };
}

/**
 * FLOPs of each layer in one forward pass of `tokens` new tokens behind `past` cached ones.
 *
 * @returns Shape [layers].
 */
export async function estimateLayerFlops(ref: ModelRef, options: LayerFlopsOptions): Promise<number[]> {
  checkOptions("Cannot estimate FLOPs of layers", options, LAYER_FLOPS_OPTIONS);
  const graph = await graphOfRef(ref);
  if (!graph) return specLayerFlops(await resolveSpec(ref), options);
  const { convention = "causal", batch = 1, past = 0, tokens } = options;
  checkContext("Cannot estimate FLOPs of layers", graph, past + tokens, `tokens ${tokens} and past ${past}`);
  return graph.pass({ batch, tokens, past }).layers.map(({ flops }) => flops[convention]);
}

/** `estimateLayerFlops` of a spec. */
export function specLayerFlops(spec: ArchSpec, options: LayerFlopsOptions): number[] {
  checkOptions("Cannot estimate FLOPs of layers", options, LAYER_FLOPS_OPTIONS);
  const { tokens, past = 0 } = options;
  const what = past > 0 ? `tokens ${tokens} and past ${past}` : `tokens ${tokens}`;
  checkContext("Cannot estimate FLOPs of layers", spec, past + tokens, what);
  return countLayerFlops(spec, options);
}

/** FLOPs of each layer, whatever the context. */
export function countLayerFlops(spec: ArchSpec, options: LayerFlopsOptions): number[] {
  const { tokens, past = 0, batch = 1, convention = "causal" } = options;
  return spec.layers.map((layer) => batch * layerFlops(spec, layer, tokens, past, convention));
}

/** One sequence of `tokens` new tokens. */
function layerFlops(
  spec: ArchSpec,
  layer: LayerSpec,
  tokens: number,
  past: number,
  convention: FlopsConvention,
): number {
  const weights = layerParameters(spec, layer).filter(({ role }) => role !== "vector");
  const perToken = weights.reduce((sum, { rows, cols, share = 1 }) => sum + 2 * Math.round(rows * cols * share), 0);
  const matmuls = tokens * perToken + mixingFlops(layer.mixer, tokens, past, convention);
  if (convention !== "executed") return matmuls;
  const pairs = pairsOf(layer.mixer, tokens, past, convention);
  return matmuls + mixingElementwise(layer.mixer, tokens, pairs, spec.hiddenSize) +
    tokens * elementwisePerToken(spec, layer);
}

/** Norms, residual sums and the channel mixer's activation. */
function elementwisePerToken(spec: ArchSpec, layer: LayerSpec): number {
  const { norms } = layerBlocks(spec, layer), D = spec.hiddenSize;
  const sums = layer.channel.kind === "none" ? 1 : 2;
  return (7 * norms.length + sums) * D + activationFlops(layer.channel, D);
}

/**
 * SiLU and its product 3 a number; other activations the same. Of experts also the softmax that routes, and their sum.
 * Of RWKV the token before 5 a channel, the gate 2, and the square of ReLU.
 */
function activationFlops(channel: ChannelSpec, hiddenSize: number): number {
  switch (channel.kind) {
    case "none":
      return 0;
    case "moe": {
      const { experts, topK, intermediateSize, shared } = channel;
      const sharedSum = shared ? 3 * shared.intermediateSize + (shared.gated ? 2 : 1) * hiddenSize : 0;
      return 3 * topK * intermediateSize + 5 * experts + 2 * topK * hiddenSize + sharedSum;
    }
    case "rwkv":
      return 7 * hiddenSize + 2 * channel.intermediateSize;
    default:
      return 3 * channel.intermediateSize;
  }
}

/** The head on `rows` of `tokens` tokens, and where executed the last norm before it. */
function headFlops(spec: ArchSpec, tokens: number, rows: number, convention: FlopsConvention): number {
  return 2 * rows * spec.hiddenSize * spec.vocabSize + (convention === "executed" ? 7 * tokens * spec.hiddenSize : 0);
}

function sum(values: number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
