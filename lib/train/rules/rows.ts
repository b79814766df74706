/** Gradient rules of what looks at whole rows: softmax, norms, the loss. */
import type { GradientRule } from "./gradient_rule.ts";

export const ROWS: Record<string, GradientRule> = {
  Softmax: (ops, { outputs: [p] }, [g]) => {
    const weighted = ops.mul(g!, p), last = p.dims.length - 1;
    return [ops.sub(weighted, ops.mul(p, ops.reduceSum(weighted, [last], true)))];
  },
  // y = w n with n = x / rms(x): dx = (w g - n mean(w g n)) / rms
  SimplifiedLayerNormalization: (ops, { inputs: [x, w], outputs: [, inverse] }, [g]) => {
    const last = x.dims.length - 1;
    const normed = ops.mul(x, inverse), weighted = ops.mul(g!, w);
    const [mean] = ops.emit("ReduceMean", [ops.mul(weighted, normed), ops.int64([last])], [inverse.dims], {
      attributes: { keepdims: 1 },
    });
    const ofX = ops.mul(inverse, ops.sub(weighted, ops.mul(normed, mean)));
    return [ofX, ops.reduceSum(ops.mul(g!, normed), x.dims.map((_, axis) => axis).slice(0, -1))];
  },
  // mean(-ln p[target]): (p - onehot) / rows, from the logarithms that the loss kept
  CrossEntropy: (ops, { inputs: [logits, targets], outputs: [, logs] }, [g]) => {
    const [rows] = logits.dims;
    const minusOne = ops.constant(new Array(rows).fill(-1), [rows, 1]);
    const [difference] = ops.emit(
      "ScatterElements",
      [ops.unary("Exp", logs), ops.reshape(targets, [rows, 1]), minusOne],
      [logits.dims],
      { attributes: { axis: 1, reduction: "add" } },
    );
    return [ops.mul(difference, ops.mul(g!, ops.scalar(1 / rows))), null];
  },
};
