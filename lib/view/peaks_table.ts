/** What probes measured of the machine. */
import { checkArgument, noOptions } from "../check/options.ts";
import type { Peaks } from "../measure/peaks.ts";
import type { Estimate } from "../stats/estimate.ts";
import { usablePositive } from "../stats/usable.ts";
import { PEAKS } from "./arguments.ts";
import type { View } from "./display.ts";
import { estimateParts } from "./format.ts";
import { type Cell, tableView } from "./table.ts";

/** A row a format, and one for the copy. */
export function peaksTable(peaks: Peaks): View {
  noOptions("peaksTable", arguments, 1);
  checkArgument("Cannot show peaks", "peaks", peaks, PEAKS);
  const { flopsPerS, readBytesPerS, copyBytesPerS, machine, bytes, samples } = peaks;
  const cell = (estimate: Estimate): Cell => {
    const { point, interval } = estimateParts(usablePositive(estimate), { scale: 1e-9, units: "processes" });
    return { main: point, details: interval ? [interval] : [] };
  };
  const formats = Object.keys(flopsPerS) as (keyof typeof flopsPerS)[];
  const disturbed = samples.filter((s) => s.disturbed).length;
  return tableView({
    caption: `Peaks of ${machine.name}`,
    columns: [{ title: "probe" }, { title: "large product", detail: "GFLOP/s" }, { title: "memory", detail: "GB/s" }],
    rows: [
      ...formats.map((f): Cell[] => [`${f} weights`, cell(flopsPerS[f]!), cell(readBytesPerS[f]!)]),
      ["copy, read and written", "—", cell(copyBytesPerS)],
    ],
    notes: [
      `Best of the runs of each process, mean over processes with 95 % interval; matrices of ${
        Math.round(bytes / 2 ** 20)
      } MiB for memory, ${machine.source}.`,
      ...(disturbed
        ? [
          `During ${disturbed} of ${samples.length} runs the machine was busy with other work: the peaks may be higher.`,
        ]
        : []),
    ],
  });
}
