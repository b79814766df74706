/** The results as one Markdown page; each work keeps its latest result, with its own date. */
import type { BenchModel } from "./models.ts";
import type { Ratio, WorkResult } from "./result.ts";

const digits = (value: number) => value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
/** A list of words in a table's cell. */
const cell = (text: string) => text.replaceAll("|", "\\|").replace(/\s+/g, " ");

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join(
    "\n",
  );
}

/** ">= 1.3", and where the limit is nearer: what counts instead. */
export function goalText({ least, wanted, cap, orShareOf }: Ratio): string {
  if (least === null || wanted === null) return "";
  if (cap === null || !orShareOf || wanted === least) return `>= ${least}`;
  return `>= ${least}; the limit is ${cap.toFixed(2)}, so >= ${wanted.toFixed(2)}`;
}

function ratioCells(ratio: Ratio): string[] {
  const { ours, against, point, low, high, goal, blocks } = ratio;
  const interval = low === null || high === null ? "one block, no interval" : `[${low.toFixed(2)}, ${high.toFixed(2)}]`;
  return [ours, against, point.toFixed(2), interval, String(blocks), goalText(ratio), goal ?? ""];
}

function section(r: WorkResult): string {
  const { environment: e } = r;
  const speeds = r.speeds.map(({ name, median, values }) => [
    name,
    digits(median),
    `${digits(Math.min(...values))} - ${digits(Math.max(...values))}`,
    r.peakMemoryMb[name] === undefined ? "" : String(r.peakMemoryMb[name]),
  ]);
  const absent = r.missing.map((
    { name, reason },
  ) => [name, `not available: ${reason.slice(0, 200)}`, "", ""]);
  const versions = Object.entries(r.versions).map(([name, version]) => `${name} ${version}`).sort();
  return [
    `### ${r.name}: ${r.title}`,
    table(["who", `median (${r.unit})`, "least - most", "peak memory (MB)"], [
      ...speeds,
      ...absent,
    ]),
    table(
      ["ours", "against", "ratio", "95 %", "blocks", "goal", ""],
      r.ratios.map(ratioCells),
    ),
    [
      ...r.checks.map((c) => `- ${c.ok ? "agrees" : "DIFFERS"}: ${c.what}: ${c.detail}`),
      ...r.facts.map((fact) => `- ${fact}`),
      `- ${r.rounds} rounds in ${r.minutes.toFixed(1)} minutes from ${
        r.startedAt.slice(0, 16).replace("T", " ")
      } UTC; ` +
      `${e.cpu}, ${e.logicalCores} cores, ${
        e.memoryGb.toFixed(0)
      } GB, ${e.os} ${e.arch} ${e.kernel}; Deno ${e.deno}, ` +
      `onnxruntime ${e.onnxruntime}, commit ${e.commit?.slice(0, 7) ?? "unknown"}; ${versions.join(", ")}`,
    ].join("\n"),
  ].join("\n\n");
}

/** The results of one model: its goals, then its works in their order. */
function chapter({ ref, title, format, works }: BenchModel, results: WorkResult[]): string[] {
  const sorted = works.flatMap((name) => results.filter((r) => r.model === ref && r.name === name));
  if (!sorted.length) return [];
  const summary = sorted.flatMap((r) =>
    r.ratios.filter((ratio) => ratio.least !== null).map((ratio) => [r.name, ...ratioCells(ratio)])
  );
  return [
    `## ${title}, ${format}`,
    table(["work", "ours", "against", "ratio", "95 %", "blocks", "goal", ""], summary),
    ...sorted.map(section),
  ];
}

/** The whole page, a chapter a model. */
export function peersPage(results: WorkResult[], models: BenchModel[], threads: number): string {
  return [
    "# Against peers and the machine's limits",
    "The weights of one GGUF for all: `fp32` and `int4` are made from it, llama.cpp and `stored` read its own numbers. " +
    `${threads} threads everywhere. Every round has every contestant once, one after the ` +
    "other in random order, one active at a time; processes are started anew in each block, and the interval is over " +
    "blocks. A ratio is ours over theirs in speed. Goals: `met` when the whole interval is at or above the goal, " +
    "`missed` when it is below, else `unclear`; where a limit is nearer than the goal, a share of it counts (0.9 at fp32 " +
    "decode, 0.8 at prefill). The limits are the model's matrices alone, one row each. Made by `deno task bench:peers` " +
    `(${models[0].title}) and \`deno task bench:peers gemma\`; machines differ, so compare ratios only.`,
    ...models.flatMap((model) => chapter(model, results)),
  ].join("\n\n") + "\n";
}
