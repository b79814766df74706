/** All that is said of the items of a generated task. */
import type { Estimate } from "../../stats/estimate.ts";
import type { EvalItem } from "../types.ts";
import { completionFacts } from "./completions.ts";
import type { CheckedGenerate, CompletionFacts, VarianceParts } from "./facts.ts";
import { passMetrics } from "./pass_metrics.ts";
import { varianceParts } from "./variance.ts";

export interface GeneratedSummary {
  /** "pass@1" and so on, first the primary one. */
  metrics: Record<string, Estimate>;
  /** Null for a single problem. */
  variance: VarianceParts | null;
  completions: CompletionFacts;
  /** What the settings and the data cannot show, in sentences. */
  notes: string[];
}

export function summariseGenerated(items: EvalItem[], options: CheckedGenerate): GeneratedSummary {
  const variance = items.length > 1 ? varianceParts(items, options) : null;
  return {
    metrics: passMetrics(items, options.k, options.level),
    variance,
    completions: completionFacts(items),
    notes: [...options.notes, ...variance?.notes ?? ["one problem: no variance over problems can be seen"]],
  };
}
