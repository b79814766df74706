/** What the order of runs does to a comparison of identical models. */
import { checkArgument, noOptions } from "../check/options.ts";
import type { OrderedSpeedUp } from "../measure/chapter_benchmarks.ts";
import { usablePositive } from "../stats/usable.ts";
import { SPEED_UPS } from "./arguments.ts";
import type { View } from "./display.ts";
import { estimateParts } from "./format.ts";
import { tableView } from "./table.ts";

const ORDER = { sequential: "AAAA BBBB", rounds: "rounds, shuffled" };

/** One row an order and drift: the speed-up between identical models, and whether a difference would be claimed. */
export function orderTable(speedUps: OrderedSpeedUp[]): View {
  noOptions("orderTable", arguments, 1);
  checkArgument("Cannot show speed-ups", "speedUps", speedUps, SPEED_UPS);
  return tableView({
    caption: "Decode speed of a model over itself",
    columns: [
      { title: "order" },
      { title: "drift added", detail: "% over the session" },
      { title: "speed-up", detail: "×, 95 % CI" },
      { title: "off by", detail: "%" },
      { title: "n", detail: "runs or blocks" },
      { title: "claim", detail: "truth: none", align: "left" },
    ],
    rows: speedUps.map(({ order, drift, ratio, differs }) => {
      const units = order === "rounds" ? "blocks" : "runs";
      const { point, interval } = estimateParts(usablePositive(ratio), { unit: "×", units });
      return [
        ORDER[order],
        String(Number((100 * drift).toPrecision(3))),
        { main: point, details: [interval] },
        (100 * Math.abs(ratio.point - 1)).toFixed(1),
        String(ratio.n),
        differs ? { main: "a difference", details: ["false alarm"], tone: "bad" } : { main: "none", tone: "good" },
      ];
    }),
    notes: [
      "The interval of AAAA BBBB takes runs as independent (Welch); that of the rounds has the block as its unit.",
    ],
  });
}
