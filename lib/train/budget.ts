/** How much training: so many tokens, FLOPs or seconds, in steps. */
import { specLayerFlops } from "../cost/flops.ts";
import type { ArchSpec } from "../arch/spec.ts";
import { type Fields, optional } from "../check/objects.ts";
import { quantity } from "../check/rules.ts";
import type { StepShape } from "./train_graph.ts";

/** Exactly one of them. */
export interface Budget {
  /** Of the sequences that are trained on, whether predicted or not. */
  tokens?: number;
  /** Model FLOPs, three times those of the forward pass. */
  flops?: number;
  /** Of training on this machine, as the first steps predict them. */
  seconds?: number;
}

/** More than any training has had: 10^15 tokens, 10^27 FLOPs, 30 years. */
export const BUDGET_FIELDS: Fields<Budget> = {
  tokens: optional(quantity({ above: 0, max: 1e15 })),
  flops: optional(quantity({ above: 0, max: 1e27 })),
  seconds: optional(quantity({ above: 0, max: 1e9 })),
};

/** FLOPs of a step: the backward pass costs twice the forward pass (Kaplan et al. 2020), attention counted causally. */
export function stepFlops(spec: ArchSpec, { batch, tokens, rows }: StepShape): number {
  const layers = specLayerFlops(spec, { tokens, batch }).reduce((a, b) => a + b, 0);
  return 3 * (layers + 2 * rows * spec.hiddenSize * spec.vocabSize);
}

/**
 * @param secondsPerStep Measured; used where the budget is in seconds.
 * @throws {RangeError} If the budget is not one positive number, or too small for one step.
 */
export function stepsOf(budget: Budget, spec: ArchSpec, shape: StepShape, secondsPerStep: number): number {
  const kind = checkBudget(budget);
  const cost = {
    tokens: shape.batch * shape.tokens,
    flops: stepFlops(spec, shape),
    seconds: secondsPerStep,
  }[kind];
  const steps = Math.floor(budget[kind]! / cost);
  if (steps >= 1) return steps;
  throw new RangeError(
    `Cannot train "${spec.name}": a budget of ${budget[kind]} ${kind} is too small, one step of ${shape.batch} x ` +
      `${shape.tokens} tokens takes ${Number(cost.toPrecision(3))}`,
  );
}

/** The budget among other options. */
export function budgetOf({ tokens, flops, seconds }: Budget): Budget {
  return {
    ...(tokens === undefined ? {} : { tokens }),
    ...(flops === undefined ? {} : { flops }),
    ...(seconds === undefined ? {} : { seconds }),
  };
}

/** The kind of a budget. */
export function checkBudget(budget: Budget): "tokens" | "flops" | "seconds" {
  const kinds = (["tokens", "flops", "seconds"] as const).filter((kind) => budget[kind] !== undefined);
  if (kinds.length !== 1) {
    throw new RangeError(`A budget is one of tokens, flops and seconds, got ${kinds.join(" and ") || "none of them"}`);
  }
  return kinds[0];
}
