/** What the programs of a task have in common: how they ended, and how different they are. */
import type { EvalItem } from "../types.ts";
import type { CompletionFacts } from "./facts.ts";

export function completionFacts(items: EvalItem[]): CompletionFacts {
  const all = items.flatMap((item) => item.samples ?? []);
  if (!all.length) throw new RangeError("Cannot describe completions: the items have no programs");
  const distinct = items.map((item) => new Set(item.samples?.map((s) => s.completion)).size);
  return {
    programs: all.length,
    endedByLength: all.filter((s) => s.finishReason === "length").length / all.length,
    timedOut: all.filter((s) => s.verdict === "timed out").length / all.length,
    distinctPerProblem: distinct.reduce((a, b) => a + b, 0) / items.length,
  };
}
