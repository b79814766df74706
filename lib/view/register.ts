/** Makes a comparison show itself: as the last expression of a cell, and under `console.log`. */
import { Comparison } from "../compare/comparison.ts";
import type { ComparisonData } from "./comparison_data.ts";
import { showComparison } from "./comparison_view.ts";
import type { Bundle } from "./display.ts";

/**
 * Gives a class of comparisons its display in Jupyter and its text in a terminal.
 *
 * @param comparisonClass Its instances have `table`, `summary` and `raw`.
 */
export function registerComparisonView(comparisonClass: { prototype: ComparisonData }): void {
  Object.defineProperty(comparisonClass.prototype, Symbol.for("Jupyter.display"), {
    value(this: ComparisonData): Bundle {
      return showComparison(this).bundle;
    },
    configurable: true,
  });
  Object.defineProperty(comparisonClass.prototype, Symbol.for("Deno.customInspect"), {
    value(this: ComparisonData): string {
      return showComparison(this).toString();
    },
    configurable: true,
  });
}

registerComparisonView(Comparison);
