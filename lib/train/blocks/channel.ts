/** Trainable channel mixers without routing: gated and plain MLPs. */
import type { GatedMlpSpec, MlpSpec } from "../../arch/spec.ts";
import type { Ops, Tensor } from "../ops.ts";
import { linear, type TrainPlace } from "./place.ts";

/** down(act(gate(x)) * up(x)): [rows, hiddenSize] in and out. */
export function gatedMlp(place: TrainPlace, { kind }: GatedMlpSpec, x: Tensor): Tensor {
  const { ops } = place, gate = linear(place, x, "gate");
  const activated = kind === "swiglu" ? ops.silu(gate) : gelu(ops, gate);
  return linear(place, ops.mul(activated, linear(place, x, "up")), "down");
}

/** down(act(up(x))) with the biases that the spec has. */
export function mlp(place: TrainPlace, { kind, bias }: MlpSpec, x: Tensor): Tensor {
  const { ops, parameter } = place;
  const affine = (y: Tensor, name: string) => {
    const product = linear(place, y, name);
    return bias ? ops.add(product, parameter(`${name}Bias`)) : product;
  };
  const inner = affine(x, "up");
  return affine(activated(), "down");

  function activated(): Tensor {
    switch (kind) {
      case "gelu":
        return gelu(ops, inner);
      case "gelu_erf":
        return exactGelu(ops, inner);
      case "relu":
        return ops.unary("Relu", inner);
      case "relu2": {
        const positive = ops.unary("Relu", inner);
        return ops.mul(positive, positive);
      }
    }
  }
}

/** GELU's tanh form (Hendrycks and Gimpel 2016): x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). */
function gelu(ops: Ops, x: Tensor): Tensor {
  const c = Math.sqrt(2 / Math.PI);
  const slope = ops.add(ops.mul(ops.mul(x, x), ops.scalar(0.044715 * c)), ops.scalar(c));
  const half = ops.mul(x, ops.scalar(0.5));
  return ops.add(half, ops.mul(half, ops.unary("Tanh", ops.mul(x, slope))));
}

/** GELU itself: x/2 (1 + erf(x / sqrt(2))). */
function exactGelu(ops: Ops, x: Tensor): Tensor {
  const half = ops.mul(x, ops.scalar(0.5));
  return ops.add(half, ops.mul(half, ops.unary("Erf", ops.mul(x, ops.scalar(Math.SQRT1_2)))));
}
