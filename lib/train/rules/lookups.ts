/** Gradient rules of table look-ups. */
import { size } from "../ops.ts";
import type { GradientRule } from "../tape.ts";

export const LOOKUPS: Record<string, GradientRule> = {
  // Rows that were looked up more than once get the sum.
  Gather: (ops, { inputs: [table, indices] }, [g]) => {
    const n = size(indices.dims);
    const operands = [
      ops.zeros(table.dims),
      ops.reshape(indices, [n, 1]),
      ops.reshape(g!, [n, ...table.dims.slice(1)]),
    ];
    const [scattered] = ops.emit("ScatterND", operands, [table.dims], { attributes: { reduction: "add" } });
    return [scattered, null];
  },
};
