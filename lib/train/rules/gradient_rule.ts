/** What a gradient rule is. */
import type { Ops, TapeNode, Tensor } from "../ops.ts";

/**
 * The gradients of a node's inputs, null where there is none (indices, sizes, constants).
 *
 * @param ops Emits the gradient's nodes; records nothing.
 * @param gradients Of the node's outputs; null where an output does not reach the loss. At least one is there.
 */
export type GradientRule = (ops: Ops, node: TapeNode, gradients: (Tensor | null)[]) => (Tensor | null)[];
