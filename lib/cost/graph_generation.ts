/** FLOPs of a prompt and of decoding after it, counted from an ONNX file. */
import type { Bindings } from "../onnx/dims.ts";
import { readModel } from "../onnx/read_model.ts";
import { requireCount } from "./check.ts";
import type { Flops, FlopsConvention } from "./flops.ts";
import { passBindings, type PassSizes } from "./graph_bindings.ts";
import { sumOfSteps } from "./graph_steps.ts";
import { type GraphCost, graphCost, requireComplete } from "./graph_cost.ts";

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

/**
 * FLOPs of a forward pass over the prompt, and of one pass a further token. The file decides which rows its head runs
 * on. A model without a cache runs the whole sequence for every token.
 *
 * @throws {RangeError} If a symbol of the inputs is not known; {TypeError} if an operator is not.
 */
export async function graphFlops(source: string | Uint8Array, options: GraphFlopsOptions): Promise<Flops> {
  const { promptTokens, newTokens = 1, batch = 1, convention = "causal", bindings } = options;
  requireCount("FLOPs", { promptTokens, newTokens, batch }, 1);
  if (!["dense", "causal", "executed"].includes(convention)) {
    throw new RangeError(`Cannot count FLOPs: unknown convention "${convention}"; there are: dense, causal, executed`);
  }
  const model = await readModel(source);
  const pass = async (sizes: PassSizes) => {
    const { bindings: all, values } = passBindings(model, sizes, bindings);
    return requireComplete(await graphCost(model, all, values)).flops[convention];
  };
  const prefill = await pass({ batch, tokens: promptTokens, past: 0 });
  const step = (past: number) => pass({ batch, tokens: 1, past });
  const decode = await sumOfSteps(promptTokens, promptTokens + newTokens - 1, step);
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
  const { tokens, past = 0, batch = 1, bindings } = options;
  requireCount("the cost of a pass", { tokens, batch }, 1);
  requireCount("the cost of a pass", { past }, 0);
  const model = await readModel(source), pass = passBindings(model, { batch, tokens, past }, bindings);
  return graphCost(model, pass.bindings, pass.values);
}
