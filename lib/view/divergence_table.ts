/** How far models are from their baseline, a row each. */
import type { Divergence } from "../compare/divergence.ts";
import { names } from "../check/objects.ts";
import { checkArgument, noOptions } from "../check/options.ts";
import { withFields } from "../check/rules.ts";
import type { Estimate } from "../stats/estimate.ts";
import { SHARE, SHARE_DIFFERENCE, usableOn } from "../stats/usable.ts";
import type { View } from "./display.ts";
import { estimateParts, formatNumber, type FormatOptions } from "./format.ts";
import { type Cell, tableView } from "./table.ts";

const DIVERGENCE = withFields<Divergence>("what measureDivergence gives", "meanKl", "tokens");
const BY_NAME = names(DIVERGENCE, "divergence", (value) => Object.hasOwn(value, "meanKl"));

/**
 * Divergences side by side; each against the baseline that it was measured with.
 *
 * @param divergences Under the names to show, what `measureDivergence` gives.
 */
export function divergenceTable(divergences: Record<string, Divergence>): View {
  noOptions("divergenceTable", arguments, 1);
  checkArgument("Cannot show divergences", "divergences", divergences, BY_NAME);
  const all = Object.values(divergences);
  const baselines = new Set(all.map(({ baseline }) => `${baseline.name} ${baseline.precisionLabel}`));
  return tableView({
    caption: `Divergence from ${[...baselines].join(", ")}, token by token`,
    columns: [
      { title: "model" },
      { title: "mean KL", detail: "nats a token, 95 % CI", nowrap: true },
      { title: "max KL" },
      { title: "same top token", detail: "%", nowrap: true },
      { title: "Δp of the next token", detail: "pp, mean", nowrap: true },
      { title: "RMS Δp", detail: "pp", nowrap: true },
      { title: "ln perplexity ratio", detail: "above 0: predicts worse", nowrap: true },
      { title: "perplexity", detail: "model / baseline" },
      { title: "tokens" },
    ],
    rows: Object.entries(divergences).map(([name, d]) => [
      name,
      cell(usableOn(d.meanKl, { least: 0, most: Infinity })),
      formatNumber(d.maxKl),
      cell(usableOn(d.sameTop, SHARE), { scale: 100 }),
      cell(usableOn(d.deltaP, SHARE_DIFFERENCE), { scale: 100, sign: true }),
      cell(usableOn(d.rmsDeltaP, SHARE), { scale: 100 }),
      cell(d.logPerplexityRatio, { sign: true }),
      `${formatNumber(d.perplexity)} / ${formatNumber(d.baselinePerplexity)}`,
      d.tokens.toLocaleString("en"),
    ]),
    notes: [
      `KL(baseline ‖ model), paired over the same tokens; intervals over texts. ${
        [...new Set(all.map((d) => d.data))].join("; ")
      }.`,
    ],
  });
}

function cell(estimate: Estimate, options: FormatOptions = {}): Cell {
  const { point, interval } = estimateParts(estimate, { ...options, units: "texts" });
  return { main: point, details: interval ? [interval] : [] };
}
