/** Which runs belong to experts that only some tokens go to, in one operator or in plain ones. */
import type { Execution } from "../onnx/graph_scope.ts";
import { expertsGeometry } from "../onnx/shapes_fused.ts";
import type { Tensor } from "../onnx/tensor.ts";

/**
 * In plain operators: a Gather repeats every token for each of its experts (a route each), a Split by counts hands every
 * expert its routes, and the results are joined again.
 */
export class Experts {
  /** Routes of a token. */
  readonly #routes = new WeakMap<Tensor, number>();
  /** The share of all experts that a token goes to, of what one expert computes. */
  readonly #shares = new WeakMap<Tensor, number>();

  /** The share of the experts that a token goes to (k / E); 1 for a run that is none of an expert. */
  visit({ view, outputs }: Execution): number {
    const { opType } = view.node, [first] = outputs;
    if (/^Q?MoE$/.test(opType)) {
      const { active, experts } = expertsGeometry(view);
      return active / experts;
    }
    const x = view.optional(0);
    if (opType === "Gather" && x && first) {
      if (!x.constant && x.dims.length === 2) this.#routes.set(first, first.dims[0] / x.dims[0]);
      return 1;
    }
    const inputs = view.inputs.filter((y) => y !== null);
    const routes = inputs.map((y) => this.#routes.get(y)).find((r) => r !== undefined);
    if (routes !== undefined) { for (const y of outputs) if (y) this.#routes.set(y, routes); }
    const byData = opType === "Split" && view.inputs.length > 1 && view.input(1).values === null;
    const share = byData && routes !== undefined
      ? routes / outputs.length
      : inputs.map((y) => this.#shares.get(y)).find((s) => s !== undefined);
    if (share === undefined || opType === "Concat") return 1;
    for (const y of outputs) if (y) this.#shares.set(y, share);
    return byData ? 1 : share;
  }
}
