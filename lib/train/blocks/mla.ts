/**
 * Trainable latent attention (DeepSeek-V2, arXiv 2405.04434, equations 9 to 19): keys and values of the heads are made
 * of the latents, since with all tokens at once that is less work than the absorbed form that decodes.
 */
import type { MlaSpec } from "../../arch/spec.ts";
import type { Tensor } from "../ops.ts";
import { rotate } from "../token_ops.ts";
import { byHead, byToken, forHeads, linear, type TrainPlace } from "./place.ts";
import { mask } from "./score_bias.ts";

/** [batch * tokens, hiddenSize] in and out. */
export function mla(place: TrainPlace, mixer: MlaSpec, x: Tensor): Tensor {
  const { ops, parameter, spec, tokens, rotation } = place;
  const { heads, queryRank, kvRank, nopeDim, ropeDim, valueDim, scale = (nopeDim + ropeDim) ** -0.5 } = mixer;
  const [compressed, sharedKey] = ops.split(linear(place, x, "kvDown"), [kvRank, ropeDim], 1);
  const made = linear(place, norm(compressed, "kvNorm"), "kvUp");
  const [key, value] = ops.split(byHead(place, made, nopeDim + valueDim), [nopeDim, valueDim], 3);
  const [query, turning] = ops.split(byHead(place, queries(), nopeDim + ropeDim), [nopeDim, ropeDim], 3);
  const turnedKey = forHeads(place, rotate(ops, byHead(place, sharedKey, ropeDim), rotation!), heads);
  const scores = ops.matMul(
    ops.concat([query, rotate(ops, turning, rotation!)], 3),
    ops.concat([key, turnedKey], 3),
    { transB: true, alpha: scale },
  );
  const weights = ops.softmax(ops.add(scores, mask(ops, tokens)));
  return linear(place, byToken(place, ops.matMul(weights, value)), "o");

  /** [batch * tokens, heads * (nopeDim + ropeDim)] */
  function queries(): Tensor {
    if (queryRank === undefined) return linear(place, x, "q");
    return linear(place, norm(linear(place, x, "qDown"), "qDownNorm"), "qUp");
  }

  function norm(y: Tensor, name: string): Tensor {
    return ops.rmsNorm(y, parameter(name), spec.norm.epsilon);
  }
}
