/** Gradient rules of operators that move numbers, and of sums. */
import type { GradientRule } from "./gradient_rule.ts";
import { sumTo } from "./sum_to.ts";

export const SHAPES: Record<string, GradientRule> = {
  Expand: (ops, { inputs: [x] }, [g]) => [sumTo(ops, g!, x.dims), null],
  Reshape: (ops, { inputs: [x] }, [g]) => [ops.reshape(g!, [...x.dims]), null],
  Transpose: (ops, { data: perm }, [g]) => [ops.transpose(g!, perm.map((_, axis) => perm.indexOf(axis)))],
  Split: (ops, { outputs, data: [axis] }, gradients) => {
    const parts = gradients.map((g, i) => g ?? ops.zeros(outputs[i].dims));
    return [ops.concat(parts, axis), null];
  },
  Concat: (ops, { inputs, data: [axis] }, [g]) => ops.split(g!, inputs.map(({ dims }) => dims[axis]), axis),
  Slice: (ops, { inputs: [x], data: [axis, from] }, [g]) => {
    const after = x.dims[axis] - from - g!.dims[axis];
    return [ops.pad(g!, axis, from, after), null, null, null];
  },
  Pad: (ops, { inputs: [x], data: [axis, before] }, [g]) => {
    return [ops.slice(g!, axis, before, before + x.dims[axis]), null];
  },
  ReduceSum: (ops, { inputs: [x], data: axes }, [g]) => {
    const kept = x.dims.map((n, i) => axes.includes(i) ? 1 : n);
    return [ops.expand(ops.reshape(g!, kept), x.dims), null];
  },
  CumSum: (ops, { data: [axis, reverse] }, [g]) => [ops.cumSum(g!, axis, reverse === 0), null],
};
