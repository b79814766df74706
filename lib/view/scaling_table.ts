/** The terms of TTFT and TPOT of every model, and where models cross. */
import { checkArgument, noOptions } from "../check/options.ts";
import type { Scaling } from "../measure/scaling.ts";
import type { Estimate } from "../stats/estimate.ts";
import { atLeastZero, type ScalingFit } from "../stats/scaling_fit.ts";
import { usableOn } from "../stats/usable.ts";
import { SCALING } from "./arguments.ts";
import { busySentence } from "./busy_sentence.ts";
import { crossoverSentence } from "./crossover_sentence.ts";
import type { View } from "./display.ts";
import { estimateParts } from "./format.ts";
import { type Cell, tableView } from "./table.ts";

/** A row a model: fixed costs, and what every token, square of tokens and token of context adds. */
export function scalingTable(scaling: Scaling): View {
  noOptions("scalingTable", arguments, 1);
  checkArgument("Cannot show the scaling", "scaling", scaling, SCALING);
  const { models, crossovers, rounds, unit = "tokens" } = scaling, one = unit === "bytes" ? "byte" : "token";
  const rows = Object.entries(models).map(([name, { ttftMs, tpotMs }]): Cell[] => {
    const [a, b, c] = terms(ttftMs), [base, slope] = terms(tpotMs);
    const worst = (fit: typeof ttftMs) => 100 * Math.max(...fit.points.map((p) => Math.abs(p.relativeResidual)));
    return [
      name,
      cell(a),
      cell(b),
      cell(c, 1e6),
      cell(base),
      cell(slope, 1e3),
      `${worst(ttftMs).toFixed(1)} / ${worst(tpotMs).toFixed(1)}`,
    ];
  });
  const perOne = unit === "bytes" ? "time a byte" : "TPOT";
  const blocks = Math.min(...Object.values(models).map((m) => m.ttftMs.blocks.length));
  return tableView({
    caption: unit === "tokens"
      ? "How time grows with length: TTFT = a + b S + c S², TPOT = a + b context"
      : "How time grows with bytes of the same text: TTFT = a + b S + c S², time a byte = a + b context",
    columns: [
      { title: "architecture" },
      { title: "TTFT a", detail: "ms" },
      { title: "TTFT b", detail: `ms a ${one}` },
      { title: "TTFT c", detail: `ms for 1000² ${unit}` },
      { title: `${perOne} a`, detail: "ms" },
      { title: `${perOne} b`, detail: `ms for 1000 ${unit}` },
      { title: "worst residual", detail: `%, TTFT / ${perOne}` },
    ],
    rows,
    notes: [
      ...crossovers.map(crossoverSentence),
      ...(unit === "bytes" ? ["Every model reads the same text with its own tokens: their tokenizers differ."] : []),
      ...busySentence(rounds),
      "Where one is faster is told at each length by itself: two copies of one model, too, seem to differ at some length in " +
      "one to three of ten runs, but are hardly ever seen to overtake one another.",
      `In brackets: 95 % intervals (Student's t over ${blocks} blocks of fresh processes), cut at zero, since no term can ` +
      "be negative; one that begins at 0 does not show that its term is there.",
    ],
  });
}

/** A fit's terms from zero up. None can be more than the whole time at any length: an interval wider than that says nothing. */
function terms({ coefficients, points }: ScalingFit): Estimate[] {
  return coefficients.map((term, power) => {
    const width = Math.min(...points.map((p) => p.value / p.length ** power));
    return usableOn(atLeastZero(term), { least: 0, most: Infinity, width });
  });
}

function cell(estimate: Estimate, scale = 1): Cell {
  const { point, interval } = estimateParts(estimate, { scale, units: "blocks" });
  return { main: point, details: interval ? [interval] : [] };
}
