/** The chapter's benchmarks side by side: what each reports, and its requests in the order in which they ran. */
import { names } from "../check/objects.ts";
import { checkArgument, noOptions } from "../check/options.ts";
import { withFields } from "../check/rules.ts";
import type { BrokenBenchmarkResult, CorrectBenchmarkResult } from "../measure/chapter_benchmarks.ts";
import type { RoundSample } from "../measure/rounds_result.ts";
import { settingName } from "../measure/setting.ts";
import type { Estimate } from "../stats/estimate.ts";
import { usablePositive } from "../stats/usable.ts";
import { type Figure, figureView, type View } from "./display.ts";
import { escapePlot } from "./escape.ts";
import { estimateParts, formatNumber } from "./format.ts";
import { configLabel } from "./labels.ts";
import { axis, baseLayout, bottomLegend } from "./noise_layout.ts";
import { modelStyles } from "./palette.ts";
import { type Cell, tableView } from "./table.ts";

export type ChapterResult = BrokenBenchmarkResult | CorrectBenchmarkResult;

const isCorrect = (result: ChapterResult): result is CorrectBenchmarkResult => "percentilesMs" in result;
const BY_NAME = names(
  withFields<ChapterResult>("what brokenBenchmark or correctBenchmark gives", "samples", "meanMs"),
  "result",
  (value) => Object.hasOwn(value, "samples"),
);
const NOT_REPORTED = "not reported";

function estimateCell(estimate: Estimate): Cell {
  const { point, interval } = estimateParts(usablePositive(estimate), { units: "requests" });
  const [main, note] = point.split(", "); // ">= 180, n too small"
  return { main, details: [interval || note].filter(Boolean) };
}

function checkResults(cannot: string, results: Record<string, ChapterResult>): void {
  checkArgument(cannot, "results", results, BY_NAME);
  if (!Object.keys(results).length) throw new RangeError(`${cannot}: results must have at least one, { name: result }`);
}

/** One column a benchmark: a broken one leaves most rows empty. Times in ms. */
export function chapterTable(results: Record<string, ChapterResult>): View {
  noOptions("chapterTable", arguments, 1);
  checkResults("Cannot show the chapter", results);
  const all = Object.values(results);
  const row = (
    title: string,
    broken: (r: BrokenBenchmarkResult) => Cell,
    correct: (r: CorrectBenchmarkResult) => Cell,
  ) => [
    title,
    ...all.map((r) => isCorrect(r) ? correct(r) : broken(r)),
  ];
  const none = () => NOT_REPORTED;
  const { model, setting } = all[0];
  return tableView({
    caption: `${model.name} ${model.precisionLabel}, ${configLabel(settingName(setting))}, one process each`,
    columns: [{ title: "per request" }, ...Object.keys(results).map((name) => ({ title: name }))],
    rows: [
      row("warm-up (requests)", () => "0", (r) => String(r.warmUps.length)),
      row("timed (requests)", (r) => String(r.samples.length), (r) => String(r.samples.length)),
      row("decode (tok/s)", (r) => formatNumber(r.decodeTokensPerS), (r) => estimateCell(r.decodeTokensPerS)),
      row("mean time (ms)", (r) => formatNumber(r.meanMs), (r) => estimateCell(r.meanMs)),
      row("std (ms)", none, (r) => formatNumber(r.stdMs)),
      row("p50 (ms)", none, (r) => estimateCell(r.percentilesMs.p50)),
      row("p95 (ms)", none, (r) => estimateCell(r.percentilesMs.p95)),
      row("p99 (ms)", none, (r) => estimateCell(r.percentilesMs.p99)),
    ],
    notes: ["In brackets: 95 % interval. p95 needs 72 requests for an upper bound, p99 needs 368."],
  });
}

/** Every request's time in the order in which it ran, from zero; hollow: warm-up, not counted. */
export function requestFigure(results: Record<string, ChapterResult>): Figure {
  const names = Object.keys(results), styles = modelStyles(names);
  const { setting, model } = results[names[0]];
  const data = names.flatMap((name) => {
    const result = results[name], label = escapePlot(name), { colour, marker } = styles[name];
    const warm = isCorrect(result) ? result.warmUps : [];
    const points = (samples: RoundSample[], first: number, hollow: boolean) => ({
      type: "scatter",
      mode: "markers",
      name: hollow ? `${label}, warm-up` : label,
      x: samples.map((_, i) => first + i + 1),
      y: samples.map((s) => s.latencyMs),
      marker: { color: colour, symbol: hollow ? `${marker}-open` : marker, size: 6, opacity: hollow ? 1 : 0.65 },
      hovertemplate: `${label}: request %{x}, %{y:.4g} ms<extra></extra>`,
      showlegend: !hollow,
    });
    return [...(warm.length ? [points(warm, 0, true)] : []), points(result.samples, warm.length, false)];
  });
  const most = Math.max(...data.flatMap((t) => t.y));
  const layout = baseLayout(
    `Every request, ${configLabel(settingName(setting))}`,
    `${escapePlot(`${model.name} ${model.precisionLabel}`)}<br>hollow: warm-up, not counted; time from 0`,
    {
      xaxis: axis("request since the start of its process", { zeroline: false }),
      yaxis: axis("time of a request (ms)", { range: [0, 1.06 * most] }),
      ...bottomLegend(),
    },
  );
  return { data, layout };
}

/** `requestFigure` as a view; its text has the first and the median time. */
export function requestPlot(results: Record<string, ChapterResult>): View {
  noOptions("requestPlot", arguments, 1);
  checkResults("Cannot show requests", results);
  const lines = Object.entries(results).map(([name, r]) => {
    const ms = [...(isCorrect(r) ? r.warmUps : []), ...r.samples].map((s) => s.latencyMs);
    const middle = ms.toSorted((a, b) => a - b)[Math.floor(ms.length / 2)];
    return `${name}: first ${formatNumber(ms[0])} ms, median ${formatNumber(middle)} ms of ${ms.length}`;
  });
  return figureView(requestFigure(results), ["Time of every request", ...lines].join("\n"));
}
