/** What counts as a FLOP: three conventions, in which every count is given. */
import { oneOf } from "../check/rules.ts";

/**
 * What is counted.
 * - `dense`: matrix products, 2 m n k each (of a mixture's experts those that a token is sent to), attention as if every token saw every other: torch's FlopCounterMode.
 * - `causal`: the same, but only the query-key pairs that the mask (and the window) lets through: the model's own work.
 * - `executed`: what onnxruntime's CPU kernels do: full attention whatever the mask, and the element-wise work
 *   (a norm 7 FLOPs an element, softmax 5, SwiGLU's activation and product 3, rotary positions 3, a residual sum 1;
 *   the first two constants are LLM-Viewer's).
 */
export type FlopsConvention = "dense" | "causal" | "executed";

export const CONVENTION = oneOf<FlopsConvention>("dense", "causal", "executed");

/** FLOPs by convention. */
export type ConventionFlops = Record<FlopsConvention, number>;

/** FLOPs of a prompt and of the decoding after it. */
export interface Flops {
  prefill: number;
  decode: number;
  total: number;
}
