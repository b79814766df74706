/** FLOPs of a prompt and of decoding after it, counted from an ONNX file. */
import type { Bindings } from "../onnx/dims.ts";
import { readModel } from "../onnx/read_model.ts";
import { CONVENTION, type Flops, type FlopsConvention } from "./flops_convention.ts";
import { BATCH, PAST, TOKENS } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { BINDINGS, checkBindings } from "./binding_names.ts";
import { passBindings, type PassSizes } from "./graph_bindings.ts";
import { GRAPH_FILE } from "./graph_source.ts";
import { sumOfSteps } from "./graph_steps.ts";
import { countGraph, type GraphCost, requireComplete } from "./graph_cost.ts";

export interface GraphFlopsOptions {
  /** Tokens of each prompt. */
  promptTokens: number;
  /** Output tokens of each sequence, counting the one that prefill gives. Default 1. */
  newTokens?: number;
  /** Sequences. Default 1. */
  batch?: number;
  /** Default "causal". */
  convention?: FlopsConvention;
  /** Sizes and values that can't be told from the names of the model's inputs. */
  bindings?: Bindings;
}

export const GRAPH_FLOPS_OPTIONS = object<GraphFlopsOptions>({
  promptTokens: TOKENS,
  newTokens: optional(TOKENS),
  batch: optional(BATCH),
  convention: optional(CONVENTION),
  bindings: optional(BINDINGS),
});

/**
 * FLOPs of a forward pass over the prompt, and of one pass a further token. The file decides which rows its head runs
 * on. A model without a cache runs the whole sequence for every token.
 *
 * @throws {RangeError} If a symbol of the inputs is not known; {TypeError} if an operator is not.
 */
export async function graphFlops(source: string | Uint8Array, options: GraphFlopsOptions): Promise<Flops> {
  checkArgument("Cannot count FLOPs", "source", source, GRAPH_FILE);
  checkOptions("Cannot count FLOPs", options, GRAPH_FLOPS_OPTIONS);
  const { promptTokens, newTokens = 1, batch = 1, convention = "causal", bindings = {} } = options;
  const model = await readModel(source);
  checkBindings(model, bindings, {}, source);
  const pass = (sizes: PassSizes) => {
    const { bindings: all, values } = passBindings(model, sizes, bindings);
    return requireComplete(countGraph(model, all, values)).flops[convention];
  };
  const prefill = pass({ batch, tokens: promptTokens, past: 0 });
  const step = (past: number) => pass({ batch, tokens: 1, past });
  const decode = sumOfSteps(promptTokens, promptTokens + newTokens - 1, step);
  return { prefill, decode, total: prefill + decode };
}

export interface PassOptions {
  /** New tokens of each sequence. */
  tokens: number;
  /** Tokens in the cache. Default 0. */
  past?: number;
  /** Sequences. Default 1. */
  batch?: number;
  /** Sizes and values that can't be told from the names of the model's inputs. */
  bindings?: Bindings;
}

export const PASS_OPTIONS = object<PassOptions>({
  tokens: TOKENS,
  past: optional(PAST),
  batch: optional(BATCH),
  bindings: optional(BINDINGS),
});

/**
 * The whole cost of one forward pass of a language model's file: FLOPs, bytes, parameters and the activations' peak, for
 * every node, operator and layer.
 *
 * @throws {RangeError} If a size is no count, or a symbol of the inputs is not known. Operators that are not known are
 *   listed in the result (`requireComplete` throws then).
 * @example A layer's share of a decode step
 * ```ts ignore
 * const { layers, flops } = await graphPassCost("model.onnx", { tokens: 1, past: 512 });
 * console.log(layers[0].flops.causal / flops.causal);
 * ```
 */
export async function graphPassCost(source: string | Uint8Array, options: PassOptions): Promise<GraphCost> {
  checkArgument("Cannot count the cost of a pass", "source", source, GRAPH_FILE);
  checkOptions("Cannot count the cost of a pass", options, PASS_OPTIONS);
  const { tokens, past = 0, batch = 1, bindings = {} } = options;
  const model = await readModel(source);
  checkBindings(model, bindings, {}, source);
  const pass = passBindings(model, { batch, tokens, past }, bindings);
  return countGraph(model, pass.bindings, pass.values);
}
