/** Answers of `willItRun`, one beside the other, and one in full. */
import { checkArgument } from "../check/options.ts";
import type { Range } from "../cost/efficiency.ts";
import type { WillItRun } from "../cost/will_it_run.ts";
import { ANSWERS } from "./arguments.ts";
import type { View } from "./display.ts";
import { formatNumber } from "./format.ts";
import { OWN_TOKENS } from "./labels.ts";
import { type Cell, tableView } from "./table.ts";

/** A row an answer: memory by part, whether it fits, speed and cost. */
export function willItRunTable(...answers: WillItRun[]): View {
  checkArgument("Cannot show whether models run", "answers", answers, ANSWERS);
  const priced = answers.some((a) => a.price), energy = answers.some((a) => a.joulesPerToken);
  const range = (r: Range | null | undefined) => r ? `${formatNumber(r.low)} to ${formatNumber(r.high)}` : "not known";
  const rows = answers.map((a): Cell[] => [
    { main: a.model, details: [a.precision] },
    { main: a.machine.name, details: [`${a.contextLength} tokens × ${a.batch}`] },
    {
      main: gb(a.memory.totalBytes),
      details: [
        ...a.memory.parts.filter((p) => p.bytes > 0).map((p) => `${p.part} ${gb(p.bytes)}`),
        ...(a.memory.loadBytes > a.memory.runBytes ? [`while loading ${gb(a.memory.loadBytes)}`] : []),
      ],
    },
    a.fits
      ? { main: "fits", details: [`${gb(a.marginBytes)} GB free`], tone: "good" }
      : { main: "does not fit", details: [`${gb(-a.marginBytes)} GB too much`], tone: "bad" },
    { main: range(a.decodeTokensPerS), details: [`bound by ${a.decodeBound}`] },
    { main: range(a.ttftMs), details: [`${a.promptTokens} prompt tokens`] },
    ...(energy ? [range(a.joulesPerToken)] : []),
    ...(priced ? [priceCell(a)] : []),
  ]);
  const sources = [...new Set(answers.map(speedSource))];
  return tableView({
    columns: [
      { title: "model", detail: "precision" },
      { title: "machine", detail: "context × sequences", align: "left" },
      { title: "memory", detail: "GB, by part" },
      { title: "fits", align: "left" },
      { title: "decode", detail: "tok/s a sequence" },
      { title: "TTFT", detail: "ms" },
      ...(energy ? [{ title: "energy", detail: "J a token, at TDP" }] : []),
      ...(priced ? [{ title: "cost", detail: "USD a million new tokens" }] : []),
    ],
    rows,
    notes: [...sources, ...(new Set(answers.map((a) => a.model)).size > 1 ? [OWN_TOKENS] : []), ...[
      ...new Set(answers.map((a) => `Memory: ${a.memory.runtime}.`)),
    ]],
  });
}

function priceCell({ price }: WillItRun): Cell {
  if (!price) return "not known";
  const { ownUsdPerMillion: own, apiUsdPerMillion: api, breakEvenShare: share } = price;
  const details = api === null || !share ? [] : [
    `API: ${formatNumber(api)}`,
    share.low > 1
      ? "never cheaper than the API"
      : `cheaper if busy ${percent(share.low)} to ${
        share.high > 1 ? "more than 100" : percent(share.high)
      } % of the time`,
  ];
  return { main: `${formatNumber(own.low)} to ${formatNumber(own.high)}`, details };
}

function speedSource({ efficiency: { compute, memory, cache, layerMs, source }, machine }: WillItRun): string {
  const figures = machine.measured ? "measured" : "nominal";
  return `Speed: ${words(compute)} of the FLOP/s, ${words(memory)} of the bytes/s for weights and ${
    words(cache)
  } for caches, of ${figures} figures, and ` +
    `${words(layerMs)} ms a layer beside them (${source}).`;
}

function words({ low, high }: Range): string {
  return `${low} to ${high}`;
}

function percent(share: number): string {
  return (100 * share).toPrecision(2);
}

function gb(bytes: number): string {
  return formatNumber(bytes / 1e9);
}
