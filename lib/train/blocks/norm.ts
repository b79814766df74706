/** Trainable norms over the last axis. */
import type { Tensor } from "../ops.ts";
import type { TrainPlace } from "./place.ts";

/** The norm called `name`, of the kind that the architecture has. */
export function emitNorm({ ops, spec, parameter }: TrainPlace, x: Tensor, name: string): Tensor {
  const { kind, epsilon } = spec.norm, weight = parameter(name);
  if (kind === "rmsnorm") return ops.rmsNorm(x, weight, epsilon);
  const last = x.dims.length - 1, share = ops.scalar(1 / x.dims[last]);
  const mean = (y: Tensor) => ops.mul(ops.reduceSum(y, [last], true), share);
  const centred = ops.sub(x, mean(x));
  const deviation = ops.unary("Sqrt", ops.add(mean(ops.mul(centred, centred)), ops.scalar(epsilon)));
  return ops.add(ops.mul(ops.div(centred, deviation), weight), parameter(`${name}Bias`));
}
