/** Trainable softmax attention, by matrix products: the same numbers as the fused operator, with a way back. */
import type { AttentionSpec } from "../../arch/spec.ts";
import type { Tensor } from "../ops.ts";
import { rotate } from "../token_ops.ts";
import { byHead, byToken, linear, type TrainPlace } from "./place.ts";
import { alibi, mask } from "./score_bias.ts";

/** [batch * tokens, hiddenSize] in and out. */
export function attention(place: TrainPlace, mixer: AttentionSpec, x: Tensor): Tensor {
  const { ops, parameter, batch, tokens, spec, rotation } = place;
  const { heads, kvHeads, headDim, scale = headDim ** -0.5, softcap } = mixer, group = heads / kvHeads;
  const [q, k, v] = queriesKeysValues();
  // The queries that share a key stand below one another, so that keys are neither copied nor broadcast.
  const queries = ops.reshape(q, [batch, kvHeads, group * tokens, headDim]);
  let scores = ops.matMul(queries, k, { transB: true, alpha: scale });
  if (softcap !== undefined) {
    scores = ops.mul(ops.unary("Tanh", ops.mul(scores, ops.scalar(1 / softcap))), ops.scalar(softcap));
  }
  const weights = ops.softmax(ops.add(scores, bias()));
  const mixed = byToken(place, ops.reshape(ops.matMul(weights, v), [batch, heads, tokens, headDim]));
  const gated = mixer.outputGate ? ops.mul(mixed, ops.unary("Sigmoid", linear(place, x, "attentionGate"))) : mixed;
  const out = linear(place, gated, "o");
  return mixer.outputBias ? ops.add(out, parameter("oBias")) : out;

  function bias(): Tensor {
    const hidden = mask(ops, tokens, mixer, group);
    const { kind } = mixer.position ?? spec.position;
    return kind === "alibi" ? ops.add(alibi(ops, tokens, mixer), hidden) : hidden;
  }

  /** Each [batch, its heads, tokens, headDim]; one product for all three. */
  function queriesKeysValues(): Tensor[] {
    let packed = ops.matMul(x, ops.concat(["q", "k", "v"].map(parameter), 0), { transB: true });
    if (mixer.qkvBias) packed = ops.add(packed, ops.concat(["qBias", "kBias", "vBias"].map(parameter), 0));
    if (mixer.qkNorm === "full") {
      const [q, k, v] = ops.split(packed, [heads * headDim, kvHeads * headDim, kvHeads * headDim], 1);
      packed = ops.concat([norm(q, "qNorm"), norm(k, "kNorm"), v], 1);
    }
    let [qk, v] = ops.split(byHead(place, packed, headDim), [heads + kvHeads, kvHeads], 1);
    if (mixer.qkNorm === "head") {
      const [q, k] = ops.split(qk, [heads, kvHeads], 1);
      qk = ops.concat([norm(q, "qNorm"), norm(k, "kNorm")], 1);
    }
    if (rotation) qk = rotate(ops, qk, rotation);
    return [...ops.split(qk, [heads, kvHeads], 1), v];
  }

  function norm(y: Tensor, name: string): Tensor {
    return ops.rmsNorm(y, parameter(name), spec.norm.epsilon);
  }
}
