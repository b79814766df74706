/** FLOPs of a forward pass and of a generation, in closed form from the architecture. */
import { resolveGraph } from "../arch/foreign/resolve_graph.ts";
import { resolveSpec } from "../arch/resolve.ts";
import { layerBlocks, layerParameters } from "../arch/blocks/layer.ts";
import type { ArchSpec, ChannelSpec, LayerSpec, ModelRef } from "../arch/spec.ts";
import { checkModel } from "../arch/ref_fields.ts";
import { checkOptions } from "../check/options.ts";
import { checkContext } from "./context.ts";
import { ForeignCosts } from "./foreign_costs.ts";
import { requireComplete } from "./graph_cost.ts";
import { graphFlops, graphPassCost } from "./graph_generation.ts";
import type { Flops, FlopsConvention } from "./flops_convention.ts";
import { FLOPS_OPTIONS, type FlopsOptions, LAYER_FLOPS_OPTIONS, type LayerFlopsOptions } from "./flops_options.ts";
import { sumOfSteps } from "./graph_steps.ts";
import { mixingElementwise, mixingFlops, pairsOf } from "./mixing.ts";

/**
 * FLOPs of a prompt's prefill and of decoding after it. Formulas: Kaplan et al. 2020 (arXiv 2001.08361), table 1, with
 * grouped heads and a gated MLP; biases and embedding look-ups are left out. Exact integers below 2^53.
 *
 * @param ref Also the path of any .onnx file, whose graph is counted as it is (`graphFlops`; `logits` has no say there),
 * and a folder of one: with `optimise` its head works on the rows of `logits`, without on all.
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
  const { logits, ...counted } = options;
  if (isGraph(ref)) return await graphFlops(ref, counted);
  const graph = await graphOf(ref);
  if (!graph) return specFlops(await resolveSpec(ref), options);
  const { optimise } = graph.options;
  const heads = logits === "all" ? undefined : optimise;
  const costs = await ForeignCosts.of({ ...graph, options: { ...graph.options, optimise: heads } });
  return costs.flops(counted);
}

/** The graph of a reference that runs as it was made; null for every other. */
async function graphOf(ref: ModelRef) {
  checkModel("Cannot estimate FLOPs", ref);
  return await resolveGraph(ref);
}

/** A graph made elsewhere, counted node by node; which rows its head runs on is the graph's own. */
function isGraph(ref: ModelRef): ref is string {
  return typeof ref === "string" && ref.endsWith(".onnx");
}

/** `estimateFlops` of a spec. */
export function specFlops(spec: ArchSpec, options: FlopsOptions): Flops {
  checkOptions("Cannot estimate FLOPs", options, FLOPS_OPTIONS);
  const { promptTokens, newTokens = 1 } = options;
  const what = newTokens > 1
    ? `promptTokens ${promptTokens} and newTokens ${newTokens}`
    : `promptTokens ${promptTokens}`;
  // The last new token is never read.
  checkContext("Cannot estimate FLOPs", spec, promptTokens + newTokens - 1, what);
  return countFlops(spec, options);
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
  const graph = isGraph(ref) ? null : await graphOf(ref);
  if (graph) return (await ForeignCosts.of(graph)).layerFlops(options);
  if (!isGraph(ref)) return specLayerFlops(await resolveSpec(ref), options);
  const { convention = "causal", ...pass } = options;
  return requireComplete(await graphPassCost(ref, pass)).layers.map(({ flops }) => flops[convention]);
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
