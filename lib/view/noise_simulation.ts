/** Simulated sessions in which identical models were compared: how often each way of measuring is wrong. */
import { checkArgument, noOptions } from "../check/options.ts";
import type { SimulatedScheme, SimulationRow } from "../measure/simulation.ts";
import type { Estimate } from "../stats/estimate.ts";
import { SIMULATION_ROWS } from "./arguments.ts";
import type { View } from "./display.ts";
import { estimateParts } from "./format.ts";
import { type Cell, type Column, tableView } from "./table.ts";

const SCHEMES: Record<SimulatedScheme, string> = {
  sequential: "AAAA BBBB",
  "one process": "turns",
  rounds: "rounds",
};
const NOMINAL = 0.05;

/** A share with its interval; red where the interval lies above the nominal 5 %. */
function alarmCell(share: Estimate | undefined): Cell {
  if (!share) return "—";
  const { point, interval } = estimateParts(share, { scale: 100 });
  return {
    main: point,
    details: [interval],
    tone: share.low !== null && share.low > 1.2 * NOMINAL ? "bad" : undefined,
  };
}

/**
 * One row a kind of noise: false alarms of each scheme, and what rounds give beside it.
 *
 * @param rows Of `simulationTable`; those with an effect are left out, since a difference is no false alarm there.
 */
export function simulationView(rows: SimulationRow[]): View {
  noOptions("simulationView", arguments, 1);
  checkArgument("Cannot show simulations", "rows", rows, SIMULATION_ROWS);
  const identical = rows.filter((r) => r.effect === 0);
  const schemes = (Object.keys(SCHEMES) as SimulatedScheme[]).filter((s) => identical.some((r) => r.scheme === s));
  const keyOf = (r: SimulationRow) => JSON.stringify([r.process, r.noise, r.seed]);
  const groups = [...new Set(identical.map(keyOf))].map((key) => identical.filter((r) => keyOf(r) === key));
  const columns: Column[] = [
    { title: "noise of the machine" },
    { title: "process", detail: "sd, %" },
    ...schemes.map((scheme) => ({ title: SCHEMES[scheme], detail: "alarms, %" })),
    { title: "covered", detail: "rounds, %" },
    { title: "claimed", detail: "rounds, %" },
    { title: "same", detail: "rounds, %" },
    { title: "length", detail: "rounds" },
  ];
  const { trials = 0 } = identical[0] ?? {};
  return tableView({
    caption: "Identical models, simulated",
    columns,
    rows: groups.map((group) => {
      const of = (scheme: SimulatedScheme) => group.find((r) => r.scheme === scheme);
      const rounds = of("rounds");
      const share = (estimate?: Estimate) => estimate ? estimateParts(estimate, { scale: 100 }).point : "—";
      return [
        group[0].noise,
        String(Number((100 * group[0].process).toPrecision(3))),
        ...schemes.map((scheme) => alarmCell(of(scheme)?.excludesNone)),
        share(rounds?.coverage),
        share(rounds?.claimed),
        share(rounds?.same),
        rounds ? String(Math.round(rounds.medianRounds)) : "—",
      ];
    }),
    notes: [
      `${trials} sessions a row and way: AAAA BBBB; turns in one process each; rounds with fresh processes. Alarms: the 95 % interval excludes "no difference", nominal 5 %, in brackets the share's own 95 % interval.`,
      "Of rounds: intervals that cover the truth, verdicts faster or slower, verdicts same, and the median number of rounds.",
    ],
  });
}
