/** Gradient rules of operators that work element by element. */
import type { Ops, Tensor } from "../ops.ts";
import type { GradientRule } from "./gradient_rule.ts";
import { sumTo } from "./sum_to.ts";

export const ELEMENTWISE: Record<string, GradientRule> = {
  Add: (ops, { inputs }, [g]) => inputs.map((x) => sumTo(ops, g!, x.dims)),
  Sum: (_, { inputs }, [g]) => inputs.map(() => g),
  Sub: (ops, { inputs: [a, b] }, [g]) => [sumTo(ops, g!, a.dims), ops.unary("Neg", sumTo(ops, g!, b.dims))],
  Mul: (ops, { inputs: [a, b] }, [g]) => [sumTo(ops, ops.mul(g!, b), a.dims), sumTo(ops, ops.mul(g!, a), b.dims)],
  Div: (ops, { inputs: [a, b], outputs: [y] }, [g]) => {
    const ofA = ops.div(g!, b);
    return [sumTo(ops, ofA, a.dims), ops.unary("Neg", sumTo(ops, ops.mul(ofA, y), b.dims))];
  },
  Neg: (ops, _, [g]) => [ops.unary("Neg", g!)],
  Exp: (ops, { outputs: [y] }, [g]) => [ops.mul(g!, y)],
  Sqrt: (ops, { outputs: [y] }, [g]) => [ops.div(ops.mul(g!, ops.scalar(0.5)), y)],
  Sigmoid: (ops, { outputs: [y] }, [g]) => [ops.mul(g!, ops.mul(y, ops.sub(ops.scalar(1), y)))],
  Tanh: (ops, { outputs: [y] }, [g]) => [ops.mul(g!, ops.sub(ops.scalar(1), ops.mul(y, y)))],
  // erf'(x) = 2 / sqrt(pi) exp(-x^2)
  Erf: (ops, { inputs: [x] }, [g]) => {
    const bell = ops.unary("Exp", ops.unary("Neg", ops.mul(x, x)));
    return [ops.mul(g!, ops.mul(bell, ops.scalar(2 / Math.sqrt(Math.PI))))];
  },
  Softplus: (ops, { inputs: [x] }, [g]) => [ops.mul(g!, ops.unary("Sigmoid", x))],
  Relu: (ops, { inputs: [x] }, [g]) => [ops.mul(g!, isPositive(ops, x))],
  Clip: (ops, { inputs: [x], outputs: [y] }, [g]) => [ops.mul(g!, ops.equal(x, y)), null, null],
  // x s: s + x s (1 - s), with y = x s
  QuickGelu: (ops, { inputs: [x], outputs: [y] }, [g]) => {
    const s = ops.unary("Sigmoid", x);
    return [ops.mul(g!, ops.add(s, ops.mul(y, ops.sub(ops.scalar(1), s))))];
  },
};

function isPositive(ops: Ops, x: Tensor): Tensor {
  const [sign] = ops.emit("Sign", [x], [x.dims]);
  return ops.unary("Relu", sign);
}
