/** Predicted against measured time of prefill and decode, and what bounds each. */
import { checkArgument, noOptions } from "../check/options.ts";
import type { RooflineResidual } from "../cost/roofline.ts";
import { RESIDUALS } from "./arguments.ts";
import type { View } from "./display.ts";
import { formatNumber } from "./format.ts";
import { tableView } from "./table.ts";

/** A row a model and phase, in the order given. */
export function rooflineTable(residuals: readonly RooflineResidual[]): View {
  noOptions("rooflineTable", arguments, 1);
  checkArgument("Cannot show the roofline", "residuals", residuals, RESIDUALS);
  const machines = [...new Set(residuals.map((r) => r.roof.machine))];
  const share = (x: number | null) => x === null ? "—" : (100 * x).toFixed(0);
  const rows = residuals.map(({ name, phase, roof, predictedMs, measuredMs, ratio, mfu, mbu }) => {
    const { flops, weightBytes, cacheBytes, intensity, bound } = roof[phase];
    return [
      name,
      phase,
      formatNumber(flops / 1e9),
      formatNumber((weightBytes + cacheBytes) / 1e6),
      formatNumber(intensity),
      roof.ridge === null ? "—" : formatNumber(roof.ridge),
      bound === "compute" ? "arithmetic" : "memory",
      formatNumber(predictedMs),
      formatNumber(measuredMs),
      formatNumber(ratio),
      share(mfu),
      share(mbu),
    ];
  });
  const ratios = residuals.map((r) => r.ratio),
    mean = Math.exp(ratios.reduce((s, r) => s + Math.log(r), 0) / ratios.length);
  return tableView({
    caption: `Roofline on ${machines.join(", ")}`,
    columns: [
      { title: "architecture" },
      { title: "phase", align: "left" },
      { title: "work", detail: "GFLOPs" },
      { title: "traffic", detail: "MB" },
      { title: "intensity", detail: "FLOPs/byte" },
      { title: "ridge", detail: "FLOPs/byte" },
      { title: "bound by", align: "left" },
      { title: "predicted", detail: "ms" },
      { title: "measured", detail: "ms" },
      { title: "measured / predicted" },
      { title: "MFU", detail: "%" },
      { title: "MBU", detail: "%" },
    ],
    rows,
    notes: ratios.length
      ? [
        `Measured is ${formatNumber(mean)} times the predicted time (geometric mean of ${ratios.length}; ${
          formatNumber(Math.min(...ratios))
        } to ${formatNumber(Math.max(...ratios))}).`,
        `FLOPs: ${
          [...new Set(residuals.map((r) => r.roof.convention))].join(", ")
        } convention, last logit; MFU counts ` +
        "causal FLOPs. Traffic: every weight once, and what is read and written of the caches.",
      ]
      : [],
  });
}
