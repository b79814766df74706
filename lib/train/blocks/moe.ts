/**
 * Trainable mixture of experts: every expert works on every token, and what a token was not sent to counts 0 times. The
 * mixture is then one wide gated MLP whose inner channels are weighed, of plain products with a way back. It costs
 * experts / topK times the FLOPs of the sparse form in the routed part; budgets in FLOPs count the sparse form, the
 * model's own work.
 *
 * Which experts a token goes to is no matter of gradients: the router learns through the weights of those that it chose
 * (Shazeer et al. 2017, arXiv 1701.06538, section 2.1). No loss is added that spreads tokens over the experts.
 */
import type { MoeSpec } from "../../arch/spec.ts";
import type { Ops, Tensor } from "../ops.ts";
import { linear, type TrainPlace } from "./place.ts";

/** [batch * tokens, hiddenSize] in and out. */
export function moe(place: TrainPlace, mixture: MoeSpec, x: Tensor): Tensor {
  const { ops, parameter } = place, { experts, intermediateSize: inner, shared } = mixture, [rows, width] = x.dims;
  const weights = routingWeights(ops, mixture, linear(place, x, "router"));
  const byExpert = ops.reshape(swiglu("experts"), [rows, experts, inner]);
  const weighed = ops.mul(byExpert, ops.reshape(weights, [rows, experts, 1]));
  // From [experts * hiddenSize, inner]: the columns of all experts beside one another, so that the product is their sum.
  const down = ops.transpose(ops.reshape(parameter("experts.down"), [experts, width, inner]), [1, 0, 2]);
  const joined = ops.reshape(down, [width, experts * inner]);
  const routed = ops.matMul(ops.reshape(weighed, [rows, experts * inner]), joined, { transB: true });
  if (!shared) return routed;
  const all = ops.matMul(swiglu("shared"), parameter("shared.down"), { transB: true });
  const gated = shared.gated ? ops.mul(all, ops.unary("Sigmoid", linear(place, x, "shared.router"))) : all;
  return ops.add(routed, gated);

  function swiglu(of: "experts" | "shared"): Tensor {
    return ops.mul(ops.silu(linear(place, x, `${of}.gate`)), linear(place, x, `${of}.up`));
  }
}

/** What each expert's result is multiplied by, 0 for all but `topK`: [tokens, experts] in and out. */
function routingWeights(ops: Ops, { experts, topK, normalise, routedScale, groups }: MoeSpec, logits: Tensor): Tensor {
  const scores = ops.softmax(logits), [rows] = logits.dims;
  const chosen = ops.mul(scores, ops.largest(groups ? ops.mul(scores, inBestGroups(groups)) : scores, topK));
  const weights = normalise ? ops.div(chosen, ops.reduceSum(chosen, [1], true)) : chosen;
  return routedScale === undefined ? weights : ops.mul(weights, ops.scalar(routedScale));

  /** 1 for the experts of the groups whose best expert is best, 0 for the others. */
  function inBestGroups({ count, topK }: NonNullable<MoeSpec["groups"]>): Tensor {
    const size = experts / count;
    const [best] = ops.silent().emit("ReduceMax", [ops.reshape(scores, [rows, count, size]), ops.int64([2])], [
      [rows, count],
    ], { attributes: { keepdims: 0 } });
    const kept = ops.reshape(ops.largest(best, topK), [rows, count, 1]);
    return ops.reshape(ops.expand(kept, [rows, count, size]), [rows, experts]);
  }
}
