/** Where a model's memory goes: what was predicted from its shapes, what was measured, and what is left over. */
import { noOptions } from "../check/options.ts";
import type { Estimate } from "../stats/estimate.ts";
import { checkComparison } from "./arguments.ts";
import { type ComparisonData, modelNames } from "./comparison_data.ts";
import { memoryCell } from "./comparison_view.ts";
import type { View } from "./display.ts";
import { formatNumber } from "./format.ts";
import { configLabel } from "./labels.ts";
import { tableView } from "./table.ts";

/** The part of `MemoryResult` that the table shows, all in GB (10^9 bytes). */
interface MemoryFacts {
  memoryGb: Estimate;
  weightsGb: number;
  loadPeakGb: number;
  steadyGb: number;
  predictedGb: number;
  residualGb: number;
  method: string;
}

/** One row for each model and setting; the bare process is not in the numbers. */
export function memoryTable(comparison: ComparisonData): View {
  noOptions("memoryTable", arguments, 1);
  checkComparison("Cannot show memory", comparison);
  const methods = new Set<string>();
  const rows = modelNames(comparison).flatMap((name) =>
    comparison.raw.settings.flatMap(({ config }) => {
      const found = comparison.raw.models[name]?.memory?.[config] as MemoryFacts | undefined;
      if (found?.predictedGb === undefined) return [];
      methods.add(found.method);
      const { weightsGb, loadPeakGb, memoryGb, steadyGb, predictedGb, residualGb } = found;
      return [[
        name,
        configLabel(config),
        formatNumber(weightsGb),
        formatNumber(loadPeakGb),
        memoryCell(memoryGb),
        formatNumber(steadyGb),
        formatNumber(predictedGb),
        formatNumber(residualGb, { sign: true }),
      ]];
    })
  );
  return tableView({
    caption: "Memory of a fresh process, less what it held before loading",
    columns: [
      { title: "architecture" },
      { title: "setting", align: "left" },
      { title: "weights", detail: "GB" },
      { title: "peak while loading", detail: "GB" },
      { title: "peak while running", detail: "GB, 95 % CI" },
      { title: "after the run", detail: "GB" },
      { title: "predicted peak", detail: "GB" },
      { title: "residual", detail: "GB" },
    ],
    rows,
    notes: [
      "Predicted from the architecture, as willItRun does: weights as the kernels pack them, what of the file stays mapped, " +
      "caches, the widest activations and the runtime's own. The residual is measured minus predicted.",
      ...(methods.has("rss") ? ["Sampled here (rss), since this system keeps no peak: it may be missed."] : []),
      "Energy is not measured: that needs a counter that this version does not read on any system.",
    ],
  });
}
