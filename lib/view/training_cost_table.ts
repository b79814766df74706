/** What training several architectures will cost. */
import type { ArchSpec } from "../arch/spec.ts";
import { SPECS } from "../arch/ref_fields.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { COST_OPTIONS, type CostOptions, trainingCost } from "../train/training_cost.ts";
import type { View } from "./display.ts";
import { formatNumber } from "./format.ts";
import { tableView } from "./table.ts";

/**
 * One row an architecture: steps, FLOPs and memory of what `trainSiblings` will do with the same options.
 *
 * @throws As `trainingCost`.
 */
export async function trainingCostTable(
  specs: Record<string, ArchSpec>,
  options: CostOptions,
): Promise<View> {
  checkArgument("Cannot draw costs of training", "specs", specs, SPECS);
  checkOptions("Cannot draw costs of training", options, COST_OPTIONS);
  const costs = await Promise.all(
    Object.entries(specs).map(async ([name, spec]) => ({ name, ...await trainingCost(spec, options) })),
  );
  return tableView({
    caption: "Training, before it begins",
    columns: [
      { title: "architecture" },
      { title: "parameters" },
      { title: "steps", detail: "a seed" },
      { title: "tokens", detail: "a seed" },
      { title: "FLOPs", detail: "M a token" },
      { title: "FLOPs", detail: "T a seed" },
      { title: "FLOPs", detail: "T, search and all seeds" },
      { title: "optimiser state", detail: "MB" },
    ],
    rows: costs.map(({ name, parameters, steps, tokens, flops, totalFlops, stateBytes }) => [
      name,
      parameters.toLocaleString("en"),
      steps.toLocaleString("en"),
      tokens.toLocaleString("en"),
      formatNumber(flops / tokens / 1e6),
      formatNumber(flops / 1e12),
      formatNumber(totalFlops / 1e12),
      formatNumber(stateBytes / 1e6),
    ]),
    notes: [
      "A step is counted as three forward passes, attention over the keys that are seen. The state is fp32: parameters, " +
      "gradient and two moments; activations come on top.",
    ],
  });
}
