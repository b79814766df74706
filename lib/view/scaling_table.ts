/** The terms of TTFT and TPOT of every model, and where models cross. */
import type { Scaling } from "../measure/scaling.ts";
import { atLeastZero } from "../stats/scaling_fit.ts";
import { crossoverSentence } from "./crossover_sentence.ts";
import type { View } from "./display.ts";
import { estimateParts } from "./format.ts";
import { type Cell, tableView } from "./table.ts";

/** A row a model: fixed costs, and what every token, square of tokens and token of context adds. */
export function scalingTable({ models, crossovers }: Scaling): View {
  const rows = Object.entries(models).map(([name, { ttftMs, tpotMs }]): Cell[] => {
    const [a, b, c] = ttftMs.coefficients, [base, slope] = tpotMs.coefficients;
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
  const blocks = Math.min(...Object.values(models).map((m) => m.ttftMs.blocks.length));
  return tableView({
    caption: "How time grows with length: TTFT = a + b S + c S², TPOT = a + b context",
    columns: [
      { title: "architecture" },
      { title: "TTFT a", detail: "ms" },
      { title: "TTFT b", detail: "ms a token" },
      { title: "TTFT c", detail: "ms for 1000² tokens" },
      { title: "TPOT a", detail: "ms" },
      { title: "TPOT b", detail: "ms for 1000 tokens" },
      { title: "worst residual", detail: "%, TTFT / TPOT" },
    ],
    rows,
    notes: [
      ...crossovers.map(crossoverSentence),
      `In brackets: 95 % intervals (Student's t over ${blocks} blocks of fresh processes), cut at zero, since no term can ` +
      "be negative; one that begins at 0 does not show that its term is there.",
    ],
  });
}

function cell(estimate: Parameters<typeof atLeastZero>[0], scale = 1): Cell {
  const { point, interval } = estimateParts(atLeastZero(estimate), { scale });
  return { main: point, details: interval ? [interval] : [] };
}
