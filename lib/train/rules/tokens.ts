/** Gradient rules of what works along the tokens: rotary positions, the causal convolution, the delta rule's inverse. */
import { causalConvolution, rotate } from "../token_ops.ts";
import type { GradientRule } from "./gradient_rule.ts";

export const TOKENS: Record<string, GradientRule> = {
  // A rotation's transpose is the rotation back.
  RotaryEmbedding: (ops, { inputs: [, positions, cos, sin] }, [g]) => {
    return [rotate(ops, g!, { positions, cos, sin: ops.unary("Neg", sin) }), null, null, null];
  },
  CausalConvWithState: (ops, { inputs: [x, kernel] }, [g]) => {
    const [channels, , taps] = kernel.dims, [, tokens] = x.dims;
    // Of x: the same convolution with its taps turned round, over the tokens from t on.
    const turned = ops.reverse(kernel, 2);
    const ofX = ops.slice(causalConvolution(ops, ops.pad(g!, 1, 0, taps - 1), turned), 1, taps - 1, tokens + taps - 1);
    // Of tap j: what x had been taps - 1 - j tokens before.
    const before = ops.pad(x, 1, taps - 1, 0);
    const byTap = Array.from({ length: taps }, (_, j) => {
      const seen = ops.mul(g!, ops.slice(before, 1, j, j + tokens));
      return ops.reshape(ops.reduceSum(seen, [0, 1]), [channels, 1, 1]);
    });
    return [ofX, ops.concat(byTap, 2)];
  },
  // X = (I + A)^-1: dA = -X^T dX X^T; A's upper part is zero before it comes here, so no mask is needed.
  UnitLowerInverse: (ops, { outputs: [inverse] }, [g]) => {
    const left = ops.matMul(inverse, g!, { transA: true, alpha: -1 });
    return [ops.matMul(left, inverse, { transB: true })];
  },
};
