/** What llama-bench measured, in a table that stands beside ours. */
import { checkArgument, noOptions } from "../check/options.ts";
import type { LlamaBenchRow } from "../compare/llama_bench.ts";
import { usablePositive } from "../stats/usable.ts";
import { LLAMA_BENCH_ROWS } from "./arguments.ts";
import type { View } from "./display.ts";
import { estimateParts, formatNumber } from "./format.ts";
import { OWN_TOKENS } from "./labels.ts";
import { tableView } from "./table.ts";

/** Rows of `readLlamaBench`, with tokens/s and its interval over repetitions. */
export function llamaBenchTable(rows: LlamaBenchRow[]): View {
  noOptions("llamaBenchTable", arguments, 1);
  checkArgument("Cannot show llama-bench's results", "rows", rows, LLAMA_BENCH_ROWS);
  return tableView({
    caption: "llama-bench",
    columns: [
      { title: "model" },
      { title: "test", align: "left" },
      { title: "tok/s", detail: "95 % CI over repetitions", nowrap: true },
      { title: "n" },
      { title: "weights (GB)" },
      { title: "threads" },
      { title: "backend", align: "left" },
      { title: "build", align: "left" },
    ],
    rows: rows.map((row) => {
      const { point, interval } = estimateParts(usablePositive(row.tokensPerS), { units: "repetitions" });
      return [
        row.model,
        row.test,
        { main: point, details: interval ? [interval] : [] },
        String(row.samples.length),
        row.modelBytes === null ? "—" : formatNumber(row.modelBytes / 1e9),
        row.threads === null ? "—" : String(row.threads),
        row.backends ?? "—",
        row.build ?? "—",
      ];
    }),
    notes: [
      ...(new Set(rows.map((row) => row.model)).size > 1 ? [OWN_TOKENS] : []),
      "Repetitions follow one another in one process: what differs between processes is not in these intervals. Ours are " +
      "over blocks of fresh processes, so they hold more, and are wider for it.",
    ],
  });
}
