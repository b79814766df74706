/** Bits per byte of every model in every bin of the context, and the difference from the baseline. */
import { checkArgument, noOptions } from "../check/options.ts";
import type { PositionCurve } from "../compare/position/curve.ts";
import type { Estimate } from "../stats/estimate.ts";
import { isBounded } from "../stats/usable.ts";
import { POSITION_CURVE } from "./arguments.ts";
import type { View } from "./display.ts";
import { estimateParts, type FormatOptions } from "./format.ts";
import { verdictLabel } from "./labels.ts";
import { count, positionSentences } from "./position_sentence.ts";
import { type Cell, tableView } from "./table.ts";

/** A row for each bin of each model: in the order of models, from the start of the context to its end. */
export function positionTable(curve: PositionCurve): View {
  noOptions("positionTable", arguments, 1);
  checkArgument("Cannot show the curve", "curve", curve, POSITION_CURVE);
  const { raw, curves, differences } = curve, { unit, level, baseline } = raw, percent = Math.round(100 * level);
  const inBytes = unit === "bytes";
  return tableView({
    caption: `Bits per byte by place in the context, against ${baseline}`,
    columns: [
      { title: "model" },
      { title: `place (${unit})`, nowrap: true },
      ...(inBytes ? [{ title: "place (tokens)", detail: "of the model, mean end" }] : []),
      { title: "bits/byte", detail: `${percent} % CI of each`, nowrap: true },
      { title: "difference", detail: `paired, ${percent} % CI, simultaneous`, nowrap: true },
      { title: "verdict", align: "left" },
    ],
    rows: Object.entries(curves).flatMap(([name, bins]) =>
      bins.map(({ from, to, bitsPerByte, tokens, beyondTrained }, i): Cell[] => {
        const other = differences[name]?.[i];
        return [
          name,
          { main: `${count(from)}–${count(to)}`, details: beyondTrained ? ["past its trained length"] : [] },
          ...(inBytes ? [count(tokens)] : []),
          cell(bitsPerByte),
          other ? cell(other.difference, { sign: true }) : "—",
          other ? verdictCell(other) : "baseline",
        ];
      })
    ),
    notes: [...positionSentences(curve), `${textsOf(curve)}.`],
  });
}

/** How many texts there are, and those that were left out. */
export function textsOf({ raw: { texts, skipped, data } }: PositionCurve): string {
  const left = skipped.length
    ? `; left out: ${skipped.map(({ name, reason }) => `${name} (${reason})`).join(", ")}`
    : "";
  return `${texts.length} texts: ${data}${left}`;
}

function verdictCell({ difference, verdict }: { difference: Estimate; verdict: string }): Cell {
  if (!isBounded(difference)) return "too few texts";
  const { words, tone } = verdictLabel(verdict);
  return { main: words, tone };
}

function cell(estimate: Estimate, options: FormatOptions = {}): Cell {
  const { point, interval } = estimateParts(estimate, { ...options, units: "texts" });
  return { main: point, details: interval ? [interval] : [] };
}
