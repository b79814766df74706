/** What training will cost, before it begins. */
import { ARCH_SPEC } from "../arch/ref_fields.ts";
import type { ArchSpec } from "../arch/spec.ts";
import { object, without } from "../check/objects.ts";
import { checkArgument, checkOptions, withDefaults } from "../check/options.ts";
import { type Budget, budgetOf, checkBudget, stepFlops, stepsOf } from "./budget.ts";
import { planParameters } from "./parameters.ts";
import { checkFits, openTask } from "./tasks/open_task.ts";
import { checkTrainable } from "./trainable.ts";
import { SEARCH_DEFAULTS, SIBLINGS_OPTIONS, type SiblingsOptions } from "./train_siblings.ts";

export interface TrainingCost {
  parameters: number;
  /** Of one seed's run. */
  steps: number;
  tokens: number;
  /** Model FLOPs of one seed's run, three times those of its forward passes. */
  flops: number;
  /** Of the search and all seeds. */
  totalFlops: number;
  /** Parameters, their gradient and both moments of the optimiser, in fp32; activations come on top. */
  stateBytes: number;
}

export type CostOptions = Omit<SiblingsOptions, "parameters" | "store" | "onProgress" | "processes">;
export const COST_OPTIONS = object<CostOptions>(
  without(SIBLINGS_OPTIONS.fields, "parameters", "store", "onProgress", "processes"),
);

/**
 * Cost of what `trainSiblings` will do with one architecture, already of its size.
 *
 * @throws {RangeError} If the budget is in seconds, which only running can turn into steps; and as `trainSiblings`.
 * @throws {TypeError} If a part of the architecture has no trainable form.
 */
export async function trainingCost(
  spec: ArchSpec,
  options: CostOptions,
): Promise<TrainingCost> {
  checkArgument("Cannot foretell the cost of training", "spec", spec, ARCH_SPEC);
  checkOptions(`Cannot foretell the cost of training "${spec.name}"`, options, COST_OPTIONS);
  const { seeds, learningRates, searchShare, batch } = withDefaults(SEARCH_DEFAULTS, options);
  const budget: Budget = budgetOf(options), kind = checkBudget(budget);
  if (kind === "seconds") {
    throw new RangeError("Cannot foretell the cost of a budget in seconds; give tokens or flops");
  }
  checkTrainable(spec);
  const task = await openTask(options.task);
  checkFits(spec, task);
  const shape = { batch, tokens: task.tokens, rows: batch * task.rows }, perStep = stepFlops(spec, shape);
  const steps = stepsOf(budget, spec, shape, 0);
  const tries = learningRates.length * stepsOf({ [kind]: budget[kind]! * searchShare }, spec, shape, 0);
  const { count } = planParameters(spec);
  return {
    parameters: count,
    steps,
    tokens: steps * batch * task.tokens,
    flops: steps * perStep,
    totalFlops: (steps * seeds + tries) * perStep,
    stateBytes: 4 * 4 * count,
  };
}
