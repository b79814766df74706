/** How many rounds and minutes a difference would take, by setting. */
import { checkArgument, noOptions } from "../check/options.ts";
import type { PlannedRounds } from "../measure/power.ts";
import type { Estimate } from "../stats/estimate.ts";
import { PLANS } from "./arguments.ts";
import type { View } from "./display.ts";
import { configLabel } from "./labels.ts";
import { type Cell, tableView } from "./table.ts";

const RESOLVED: Record<PlannedRounds["resolved"], string> = {
  verdict: "faster or slower",
  difference: "interval excludes 1",
  same: "same",
};

function planCell({ point, low, high }: Estimate, format: (x: number) => string): Cell {
  return { main: format(point), details: low === null || high === null ? [] : [`[${format(low)}, ${format(high)}]`] };
}

/** A row a setting and difference; in brackets how far the pilot's few blocks leave it open. */
export function planTable(plans: { config: string; plan: PlannedRounds[] }[]): View {
  noOptions("planTable", arguments, 1);
  checkArgument("Cannot show plans", "plans", plans, PLANS);
  const rounds = (x: number) => x >= 1e6 ? "> 1 million" : String(x);
  const minutes = (x: number) => x >= 1e6 ? "> 1 million" : x < 10 ? x.toFixed(1) : String(Math.round(x));
  const power = plans[0]?.plan[0]?.power ?? NaN;
  return tableView({
    columns: [
      { title: "setting" },
      { title: "true difference", detail: "%" },
      { title: "to say", align: "left" },
      { title: "rounds" },
      { title: "minutes" },
    ],
    rows: plans.flatMap(({ config, plan }) =>
      plan.map((p) => [
        configLabel(config),
        String(Number((100 * p.effect).toPrecision(3))),
        RESOLVED[p.resolved],
        planCell(p.rounds, rounds),
        planCell(p.minutes, minutes),
      ])
    ),
    notes: [
      `Enough for it to be said with a probability of ${
        Math.round(100 * power)
      } %, if blocks go on spreading as they did. In brackets: 95 % interval from the pilot's own uncertainty.`,
    ],
  });
}
