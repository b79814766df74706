/** Gradient rules of matrix products. */
import type { GradientRule } from "./gradient_rule.ts";
import { sumTo } from "./sum_to.ts";

export const PRODUCTS: Record<string, GradientRule> = {
  // C = alpha op(A) op(B): dA = alpha dC op(B)^T and dB = alpha op(A)^T dC, turned back where A or B was transposed.
  FusedMatMul: (ops, { inputs: [a, b], attributes }, [g]) => {
    const transA = attributes.transA === 1, transB = attributes.transB === 1;
    const { float: alpha } = attributes.alpha as { float: number };
    const ofA = transA
      ? ops.matMul(b, g!, { transA: transB, transB: true, alpha })
      : ops.matMul(g!, b, { transB: !transB, alpha });
    const ofB = transB
      ? ops.matMul(g!, a, { transA: true, transB: transA, alpha })
      : ops.matMul(a, g!, { transA: !transA, alpha });
    return [sumTo(ops, ofA, a.dims), sumTo(ops, ofB, b.dims)];
  },
};
