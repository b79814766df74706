import assert from "node:assert/strict";
import { floats, openSession } from "../../lib/model/session.ts";
import { GraphBuilder } from "../../lib/onnx/graph_builder.ts";
import { crossEntropy } from "../../lib/train/loss.ts";
import { Ops, type Tensor } from "../../lib/train/ops.ts";
import { gradients, RULES } from "../../lib/train/tape.ts";
import { causalConvolution, rotate, unitLowerInverse } from "../../lib/train/token_ops.ts";
import { directionalError, type RuleCase } from "./directional.ts";

/** What every rule is tried on: inputs by their shapes, and the operator between them. */
const CASES: Record<string, RuleCase> = {
  Add: { shapes: [[2, 3, 4], [4]], apply: (ops, a, b) => ops.add(a, b) },
  Sub: { shapes: [[3, 4], [2, 3, 1]], apply: (ops, a, b) => ops.sub(a, b) },
  Mul: { shapes: [[2, 3, 4], [3, 1]], apply: (ops, a, b) => ops.mul(a, b) },
  Div: { shapes: [[3, 4], [3, 4]], apply: (ops, a, b) => ops.div(a, ops.unary("Exp", b)) },
  Neg: { shapes: [[5]], apply: (ops, x) => ops.unary("Neg", x) },
  Exp: { shapes: [[2, 5]], apply: (ops, x) => ops.unary("Exp", x) },
  Sqrt: { shapes: [[2, 5]], apply: (ops, x) => ops.unary("Sqrt", ops.unary("Exp", x)) },
  Sigmoid: { shapes: [[2, 5]], apply: (ops, x) => ops.unary("Sigmoid", x) },
  Tanh: { shapes: [[2, 5]], apply: (ops, x) => ops.unary("Tanh", x) },
  Erf: { shapes: [[2, 5]], apply: (ops, x) => ops.unary("Erf", x) },
  Softplus: { shapes: [[2, 5]], apply: (ops, x) => ops.unary("Softplus", x) },
  Relu: { shapes: [[4, 5]], apply: (ops, x) => ops.unary("Relu", awayFromZero(ops, x)) },
  Clip: { // at either limit
    shapes: [[4, 5], [4, 5]],
    apply(ops, ...xs) {
      const [a, b] = xs.map((x) => awayFromZero(ops, x));
      return ops.add(ops.clip(a, 0, 9), ops.clip(b, -9, 0));
    },
  },
  QuickGelu: { shapes: [[2, 5]], apply: (ops, x) => ops.silu(x) },
  FusedMatMul: {
    shapes: [[2, 3, 4], [2, 4, 3], [4, 5], [5, 4]],
    apply(ops, a, aT, b, bT) {
      const products = [[a, b, false, false], [a, bT, false, true], [aT, b, true, false], [
        aT,
        bT,
        true,
        true,
      ]] as const;
      return ops.sum(products.map(([x, y, transA, transB]) => ops.matMul(x, y, { transA, transB, alpha: 0.5 })));
    },
  },
  Sum: { shapes: [[2, 3], [2, 3], [2, 3]], apply: (ops, ...xs) => ops.sum(xs) },
  Reshape: { shapes: [[2, 6]], apply: (ops, x) => ops.reshape(x, [3, 4]) },
  Expand: { shapes: [[3, 1]], apply: (ops, x) => ops.expand(x, [2, 3, 4]) },
  Transpose: { shapes: [[2, 3, 4, 5]], apply: (ops, x) => ops.transpose(x, [2, 0, 3, 1]) },
  Split: { shapes: [[3, 6]], apply: (ops, x) => ops.unary("Exp", ops.split(x, [1, 3, 2], 1)[1]) },
  Concat: { shapes: [[2, 3], [2, 1]], apply: (ops, a, b) => ops.concat([a, b], 1) },
  Slice: { shapes: [[3, 7]], apply: (ops, x) => ops.slice(x, 1, 2, 5) },
  Pad: { shapes: [[3, 4]], apply: (ops, x) => ops.pad(x, 1, 2, 1) },
  ReduceSum: { shapes: [[2, 3, 4]], apply: (ops, x) => ops.reduceSum(x, [0, 2]) },
  CumSum: { shapes: [[2, 5]], apply: (ops, x) => ops.cumSum(ops.cumSum(x, 1), 0, true) },
  Softmax: { shapes: [[3, 5]], apply: (ops, x) => ops.softmax(x) },
  SimplifiedLayerNormalization: { shapes: [[2, 3, 8], [8]], apply: (ops, x, w) => ops.rmsNorm(x, w, 1e-5) },
  CrossEntropy: { shapes: [[4, 6]], apply: (ops, x) => crossEntropy(ops, x, ops.int64([5, 0, 3, 3])) },
  Gather: { shapes: [[5, 3]], apply: (ops, x) => ops.gather(x, ops.int64([4, 1, 4, 0])) },
  RotaryEmbedding: {
    shapes: [[2, 3, 4, 8]],
    apply: (ops, x) => rotate(ops, rotate(ops, x, rotation(ops, 4)), rotation(ops, 2)), // all dimensions, then half
  },
  CausalConvWithState: { shapes: [[2, 7, 3], [3, 1, 4]], apply: (ops, x, w) => causalConvolution(ops, x, w) },
  UnitLowerInverse: {
    shapes: [[2, 6, 6]],
    apply: (ops, x) => unitLowerInverse(ops, ops.mul(x, strictlyLower(ops, 6))),
  },
};

Deno.test("every operator with a gradient rule is tried here", () => {
  assert.deepEqual(Object.keys(CASES).sort(), Object.keys(RULES).sort());
});

for (const [op, ruleCase] of Object.entries(CASES)) {
  Deno.test(`the gradient of ${op} agrees with finite differences`, async () => {
    for (const seed of [1, 2, 3]) {
      const { gradient, difference } = await directionalError(ruleCase, seed);
      const error = Math.abs(gradient - difference) / Math.max(1, Math.abs(difference));
      assert.ok(error < 2e-3, `${op}: the gradient gives ${gradient}, finite differences ${difference}`);
    }
  });
}

/** Relu and clip have no derivative at their limits: every number at least 0.1 from 0. */
function awayFromZero(ops: Ops, x: Tensor): Tensor {
  const [sign] = ops.silent().emit("Sign", [x], [x.dims]);
  return ops.add(x, ops.silent().mul(sign, ops.scalar(0.1)));
}

function rotation(ops: Ops, pairs: number) {
  const angles = Array.from({ length: 4 * pairs }, (_, i) => 0.7 * Math.floor(i / pairs) / (1 + i % pairs));
  return {
    positions: ops.int64([0, 1, 2, 3, 0, 1, 2, 3], [2, 4]),
    cos: ops.constant(angles.map(Math.cos), [4, pairs]),
    sin: ops.constant(angles.map(Math.sin), [4, pairs]),
  };
}

function strictlyLower(ops: Ops, n: number): Tensor {
  return ops.constant(Array.from({ length: n * n }, (_, at) => Number(at % n < Math.floor(at / n))), [n, n]);
}

Deno.test("a row that is looked up often gets the whole sum of its gradients, with two threads too", async () => {
  const rows = 8, width = 256, looked = Array.from({ length: 2048 }, (_, i) => (i * 7919) % rows);
  const g = new GraphBuilder("case"), ops = new Ops(g, g);
  const input = (name: string, dims: number[]) => ({ name: g.input(name, "float32", dims), dims });
  const table = input("table", [rows, width]), weights = input("weights", [looked.length, width]);
  const loss = ops.reduceSum(ops.mul(ops.gather(table, ops.int64(looked)), weights), [0, 1]);
  const [gradient] = gradients(ops, loss, [table]);
  g.output(gradient.name, "float32", [rows, width]);
  const session = await openSession(g.model(), { provider: "cpu", threads: 2 });
  const feeds = Object.fromEntries(
    [table, weights].map(({ name, dims }) => [name, floats(new Float32Array(dims[0] * width).fill(1), dims)]),
  );
  const wanted = looked.length / rows; // ones, counted
  for (let run = 0; run < 20; run++) {
    const out = await session.run(feeds, [gradient.name]);
    const sums = out[gradient.name].data as Float32Array;
    assert.ok(sums.every((sum) => sum === wanted), `run ${run}: ${Math.min(...sums)} of ${wanted}`);
  }
  await session.release();
});
