/** FLOPs of a prompt and of decoding after it, counted from an ONNX file. */
import type { Bindings } from "../onnx/dims.ts";
import { readModel } from "../onnx/read_model.ts";
import { requireCount } from "./check.ts";
import type { Flops, FlopsConvention } from "./flops.ts";
import { passBindings, type PassSizes } from "./graph_bindings.ts";
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
  const model = await readModel(source);
  const pass = async (sizes: PassSizes) => {
    const { bindings: all, values } = passBindings(model, sizes, bindings);
    return requireComplete(await graphCost(model, all, values)).flops[convention];
  };
  const prefill = await pass({ batch, tokens: promptTokens, past: 0 });
  let decode = 0;
  for (let past = promptTokens; past < promptTokens + newTokens - 1; past++) {
    decode += await pass({ batch, tokens: 1, past });
  }
  return { prefill, decode, total: prefill + decode };
}

/** The whole cost of one forward pass of a language model's file. */
export async function graphPassCost(
  source: string | Uint8Array,
  { tokens, past = 0, batch = 1, bindings }: { tokens: number; past?: number; batch?: number; bindings?: Bindings },
): Promise<GraphCost> {
  const model = await readModel(source), pass = passBindings(model, { batch, tokens, past }, bindings);
  return graphCost(model, pass.bindings, pass.values);
}
