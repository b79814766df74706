/**
 * Reverse-mode differentiation (Griewank and Walther 2008, chapter 3) over recorded operators: a rule for each operator
 * gives the gradients of its inputs from those of its outputs, as nodes of the same graph.
 */
import type { Ops, TapeNode, Tensor } from "./ops.ts";
import { ELEMENTWISE } from "./rules/elementwise.ts";
import type { GradientRule } from "./rules/gradient_rule.ts";
import { LOOKUPS } from "./rules/lookups.ts";
import { PRODUCTS } from "./rules/products.ts";
import { ROWS } from "./rules/rows.ts";
import { SHAPES } from "./rules/shapes.ts";
import { TOKENS } from "./rules/tokens.ts";

export const RULES: Record<string, GradientRule> = {
  ...ELEMENTWISE,
  ...PRODUCTS,
  ...SHAPES,
  ...ROWS,
  ...LOOKUPS,
  ...TOKENS,
};

/**
 * The gradients of `loss` with respect to each of `parameters`; zeros where a parameter does not reach it.
 *
 * @param seed Gradient of the loss itself, of its shape. Default: ones.
 * @throws {TypeError} If an operator on the way has no rule, naming it and its part of the architecture.
 */
export function gradients(ops: Ops, loss: Tensor, parameters: Tensor[], seed?: Tensor): Tensor[] {
  const out = ops.silent();
  const needed = dependents(ops.nodes, parameters);
  const parts = new Map<string, Tensor[]>([[loss.name, [seed ?? ones(out, loss.dims)]]]);
  const gradientOf = ({ name }: Tensor): Tensor | null => {
    const found = parts.get(name);
    if (!found) return null;
    const whole = out.sum(found);
    parts.set(name, [whole]);
    return whole;
  };
  for (const node of ops.nodes.toReversed()) {
    if (!node.outputs.some(({ name }) => parts.has(name) && needed.has(name))) continue;
    const rule = RULES[node.op];
    if (!rule) {
      throw new TypeError(
        `Cannot differentiate ${node.block || "the graph"}: operator ${node.op} has no gradient rule; there are: ` +
          Object.keys(RULES).sort().join(", "),
      );
    }
    rule(out, node, node.outputs.map(gradientOf)).forEach((gradient, i) => {
      const { name } = node.inputs[i];
      if (gradient && needed.has(name)) parts.set(name, [...parts.get(name) ?? [], gradient]);
    });
  }
  return parameters.map((parameter) => gradientOf(parameter) ?? out.zeros(parameter.dims));
}

/** Names of the values that depend on a parameter: the only ones whose gradients are of use. */
function dependents(nodes: TapeNode[], parameters: Tensor[]): Set<string> {
  const names = new Set(parameters.map(({ name }) => name));
  for (const { inputs, outputs } of nodes) {
    if (inputs.some(({ name }) => names.has(name))) outputs.forEach(({ name }) => names.add(name));
  }
  return names;
}

function ones(ops: Ops, dims: readonly number[]): Tensor {
  const one = ops.scalar(1);
  return dims.length === 0 ? one : ops.add(ops.zeros(dims), one);
}
