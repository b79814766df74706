/** Gradient rules of table look-ups. */
import { size } from "../ops.ts";
import type { GradientRule } from "./gradient_rule.ts";

export const LOOKUPS: Record<string, GradientRule> = {
  // Rows that were looked up more than once get the sum. Not by ScatterND: onnxruntime spreads its updates over threads
  // that do not wait for each other, and with two of them up to a third of a row's sum was lost (measured, 1.30).
  Gather: (ops, { inputs: [table, indices] }, [g]) => {
    const shape = [size(indices.dims), size(table.dims.slice(1))], [rows] = table.dims;
    const operands = [
      ops.zeros([rows, shape[1]]),
      ops.expand(ops.reshape(indices, [shape[0], 1]), shape),
      ops.reshape(g!, shape),
    ];
    const attributes = { axis: 0, reduction: "add" };
    const [scattered] = ops.emit("ScatterElements", operands, [[rows, shape[1]]], { attributes });
    return [ops.reshape(scattered, [...table.dims]), null];
  },
};
