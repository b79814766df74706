import assert from "node:assert/strict";
import { brokenBenchmark, correctBenchmark, type OrderedSpeedUp } from "../../lib/measure/chapter_benchmarks.ts";
import { measureRounds } from "../../lib/measure/rounds.ts";
import type { RoundsResult } from "../../lib/measure/rounds_result.ts";
import type { Figure } from "../../lib/view/display.ts";
import {
  autocorrelationFigure,
  autocorrelationPlot,
  correlogram,
  effectiveRuns,
} from "../../lib/view/noise_autocorrelation.ts";
import { chapterTable, requestFigure, requestPlot } from "../../lib/view/noise_chapter.ts";
import { orderTable } from "../../lib/view/noise_order.ts";
import { noiseTable, spreadFigure, spreadPlot } from "../../lib/view/noise_spread.ts";
import { roundsTable } from "../../lib/view/noise_verdicts.ts";
import { warmUpFigure, warmUpPlot } from "../../lib/view/noise_warm_up.ts";
import { fakeHosts, tinySpec } from "../measure/fake_host.ts";

/** A cold start, then alternating 2 and 2.02 ms a token. */
const start = fakeHosts({ stepMs: ({ run }) => run < 3 ? 12 : 2 + 0.02 * (run % 2) }).start;
const broken = await brokenBenchmark(tinySpec(), { newTokens: 6, start });
const correct = await correctBenchmark(tinySpec(), { newTokens: 6, start });

const EVIL = "<b>b";
/** "b" takes 10 % longer than "a" and its twin; processes differ by up to 0.04 %. */
const rounds: RoundsResult = await measureRounds(
  { a: tinySpec("a"), [EVIL]: tinySpec("b") },
  [{ promptTokens: 5, newTokens: 11 }, { batch: 1, seqLen: 64 }],
  {
    rounds: 24,
    start: fakeHosts({
      stepMs: ({ name, host }) => (name === "b" ? 2.2 : 2) * (1 + 1e-4 * (host % 3)),
      prefillMs: ({ name, host }) => (name === "b" ? 11 : 10) * (1 + 1e-4 * (host % 5)),
    }).start,
  },
);

const titles = ({ layout }: Figure) =>
  Object.entries(layout).filter(([k]) => /^[xy]axis/.test(k)).map(([, v]) =>
    (v as { title: { text: string } }).title.text
  );

Deno.test("chapterTable() leaves what the broken benchmark does not report visibly empty", () => {
  const lines = chapterTable({ broken, correct }).toString().split("\n");
  const line = (title: string) => lines.find((l) => l.startsWith(title))!;
  assert.match(line("warm-up"), / 0 +20$/);
  assert.match(line("timed"), / 5 +100$/);
  assert.match(line("p95"), /not reported +20\.1 \[20\.1, 20\.1\]$/);
  assert.match(line("p99"), /not reported +>= 20\.1 n too small$/);
  assert.match(line("mean time"), / 50\.0 +20\.050 \[20\.0\d+, 20\.0\d+\]$/); // 70, 70, 70, 20, 20.1
});

Deno.test("requestFigure() draws every request from zero, warm-ups hollow and in front", () => {
  const { data, layout } = requestFigure({ broken, correct });
  assert.deepEqual(data.map((t) => [t.name, (t.x as number[]).length, (t.x as number[])[0]]), [
    ["broken", 5, 1],
    ["correct, warm-up", 20, 1],
    ["correct", 100, 21],
  ]);
  assert.deepEqual((layout.yaxis as { range: number[] }).range[0], 0);
  assert.deepEqual(titles({ data, layout }), ["request since the start of its process", "time of a request (ms)"]);
  assert.match(requestPlot({ broken }).toString(), /broken: first 70\.0 ms, median 70\.0 ms of 5/);
});

Deno.test("orderTable() calls a difference between identical models a false alarm", () => {
  const speedUp = (low: number, high: number, differs: boolean): OrderedSpeedUp => ({
    order: differs ? "sequential" : "rounds",
    drift: 0.03,
    ratio: { point: (low + high) / 2, low, high, level: 0.95, n: 200 },
    differs,
  });
  const text = orderTable([speedUp(0.98, 0.99, true), speedUp(0.995, 1.005, false)]).toString();
  assert.match(text, /AAAA BBBB +3 +0\.985× \[0\.980, 0\.990\] +1\.5 +200 +a difference false alarm/);
  assert.match(text, /rounds, shuffled +3 +1\.000× \[0\.995, 1\.005\] +0\.0 +200 +none/);
});

Deno.test("spreadFigure() draws every round, outliers by symbol, with a median and its interval", () => {
  const figure = spreadFigure(rounds);
  const dots = figure.data.filter((t) => Array.isArray(t.text));
  assert.deepEqual(dots.map((t) => [t.name, (t.x as number[]).length]), [
    ["a", 24],
    ["&lt;b&gt;b", 24],
    ["a (A/A twin)", 24],
    ["a", 24],
    ["&lt;b&gt;b", 24],
    ["a (A/A twin)", 24],
  ]);
  const bars = figure.data.filter((t) => t.error_x);
  assert.equal(bars.length, 6);
  assert.ok(bars.every((t) => (t.error_x as { array: number[] }).array[0] >= 0));
  assert.deepEqual(titles(figure).filter(Boolean), [
    "decode (tok/s), not from 0<br>prompt 5 + 11 new tokens",
    "throughput (tok/s), not from 0<br>batch 1 × 64 tokens",
  ]);
  assert.match(spreadPlot(rounds).toString(), /prompt 5 \+ 11 new tokens, a: median 499\.9/);
});

Deno.test("noiseTable() counts outliers and disturbed samples of every model, and names what is missing", () => {
  const result = structuredClone(rounds);
  result.rounds.forEach((r, i) =>
    Object.values(r.samples).forEach((s) => s.noise.disturbed = r.config === "p5_l11" && i < 3)
  );
  result.rounds.find((r) => r.config === "p5_l11" && r.round === 5)!.samples.a.decodeTokensPerS = 100; // of 500
  result.environment.missing = ["steal (/proc/stat)"];
  const text = noiseTable(result).toString();
  assert.match(text, /prompt 5 \+ 11 new tokens +a +24 +0 +1 +3 of 24 +0 +−?0\.\d\d +—/);
  assert.match(text, /batch 1 × 64 tokens +<b>b +24 +\d+ +\d+ +0 of 24 +0 +−?[01]\.\d\d +−?[01]\.\d\d/);
  assert.match(text, /does not show: steal/);
});

Deno.test("warmUpFigure() has a line a process; one that did not become flat ends hollow", () => {
  const result = structuredClone(rounds);
  result.warmUps[0].flat = false;
  const { data } = warmUpFigure(result);
  assert.equal(data.length, 3 * 2 * rounds.settings[0].blocks);
  const hollow = data.filter((t) => (t.marker as { symbol: string[] }).symbol.at(-1)!.endsWith("-open"));
  assert.ok(hollow.length >= 1);
  assert.equal(data.filter((t) => t.showlegend).length, 3);
  assert.match(warmUpPlot(rounds).toString(), /\d+ of 18 processes flat, after \d+ to \d+ steps/);
});

Deno.test("correlogram() and effectiveRuns() of series worked out by hand", () => {
  assert.deepEqual(correlogram([1, 2, 3, 4, 5], 2), [0.4, -0.1]); // (2 + 0 + 0 + 2) / 10, (0 - 1 + 0) / 10
  assert.deepEqual(correlogram([7, 7, 7], 1), [0]);
  assert.ok(Math.abs(effectiveRuns([1, 2, 3, 4, 5]) - 5 * 0.6 / 1.4) < 1e-12);
  assert.equal(effectiveRuns([1, 2, 1, 2, 1, 2]), 6); // never more than there are
});

Deno.test("autocorrelationFigure() shades what independent runs give, and says lag 1", () => {
  const { data, layout } = autocorrelationFigure(Array.from({ length: 100 }, (_, i) => i), "Correlogram");
  assert.deepEqual((data[0].x as number[]).length, 20);
  const [{ y0, y1 }] = layout.shapes as { y0: number; y1: number }[];
  assert.deepEqual([y0, y1], [-0.196, 0.196]);
  assert.match((layout.title as { subtitle: { text: string } }).subtitle.text, /lag 1: 0\.97; n = 100/);
  assert.match(autocorrelationPlot([1, 2, 3, 4, 5]).toString(), /5 runs are worth about 2 independent/);
});

Deno.test("roundsTable() gives every model its verdict and the minutes it took, the twin among them", () => {
  const text = roundsTable(rounds).toString();
  assert.match(text, /prompt 5 \+ 11 new tokens +<b>b +0\.909\d*× \[[^\]]*\] +slower +24 +6 +all rounds done +< 0\.1/);
  assert.match(text, /batch 1 × 64 tokens +a \(A\/A twin\) +1\.000\d+× \[[^\]]*\] +same/);
});

Deno.test("names are escaped in figures, which never resize themselves", () => {
  for (const view of [spreadPlot(rounds), warmUpPlot(rounds), requestPlot({ [EVIL]: correct })]) {
    const figure = view.bundle["application/vnd.plotly.v1+json"]!;
    const text = JSON.stringify(figure);
    assert.ok(!text.includes("<b>b") && text.includes("&lt;b&gt;b"));
    assert.equal(figure.config?.responsive, undefined);
    assert.ok(view.bundle["text/plain"].length > 20);
  }
  assert.ok(roundsTable(rounds).bundle["text/html"]!.includes("&lt;b&gt;b"));
});
