import assert from "node:assert/strict";
import type { Figure } from "../../lib/view/display.ts";
import { comparisonTable, showComparison, summaryTable } from "../../lib/view/comparison_view.ts";
import { decisionFigure, decisionPlot, decisionSentence } from "../../lib/view/decision_plot.ts";
import { qualityFigure, qualityPlot } from "../../lib/view/quality_plot.ts";
import { speedFigure, speedPlot } from "../../lib/view/speed_plot.ts";
import { BASE, fakeComparison } from "./fake_comparison.ts";

const comparison = fakeComparison();
const EVIL = '<img src=x onerror="alert(1)">';
const axisTitles = ({ layout }: Figure) =>
  Object.entries(layout).filter(([k]) => /^[xy]axis/.test(k)).map(([, v]) =>
    (v as { title: { text: string } }).title.text
  );

Deno.test("showComparison() has one row an architecture, and says what was found", () => {
  const { columns, rows, notes } = comparisonTable(comparison);
  assert.deepEqual(rows.map((row) => typeof row[0] === "string" ? row[0] : row[0].main), [
    BASE,
    "int4",
    "24 of 30 layers",
  ]);
  assert.deepEqual(columns.map((c) => c.title), [
    "architecture",
    "decode, prompt 5 + 64 new tokens",
    "throughput, batch 8 × 128 tokens",
    "hellaswag acc_norm",
    "bits per byte",
    "peak memory",
  ]);
  assert.deepEqual(rows[1].slice(1, 4), [
    { main: "3.15×", details: ["[3.13, 3.17]", "faster"], tone: "good" },
    { main: "0.93×", details: ["[0.91, 0.95]", "slower"], tone: "bad" },
    { main: "0", details: ["[−4, +4]", "no difference found"], tone: undefined },
  ]);
  assert.match(notes!.at(-1)!, /^Quality first, choose int4/);
});

Deno.test("showComparison() prints itself in a terminal", () => {
  const text = showComparison(comparison).toString();
  assert.ok(text.split("\n").some((line) => line.startsWith("int4") && line.includes("3.15× [3.13, 3.17] faster")));
});

Deno.test("a table is Markdown too, with nothing in it that Markdown would read", () => {
  const markdown = showComparison(fakeComparison({ int4: "a|b_<i>" })).bundle["text/markdown"]!;
  const row = markdown.split("\n").find((line) => line.startsWith("| a&"))!;
  assert.equal(row.split(" | ")[0], "| a&#124;b&#95;&#60;i&#62;");
  assert.equal(row.split(" | ")[1], "**3.15×**<br>[3.13, 3.17]<br>faster");
});

Deno.test("summaryTable() lists every row of the summary with its interval", () => {
  const text = summaryTable(comparison).toString();
  assert.equal(text.split("\n").filter((line) => /^(int4|24 of 30 layers) {2}/.test(line)).length, 8);
  assert.match(text, /24 of 30 layers +hellaswag +acc_norm \(%\) +25.0 +50.0 +−25 pp +\[−29, −21\] +40 +worse/);
});

Deno.test("speedFigure() draws an interval and the rounds of every model and setting", () => {
  const figure = speedFigure(comparison);
  const bars = figure.data.filter((t) => t.type === "bar");
  assert.equal(bars.length, 6);
  for (const bar of bars) {
    const { array, arrayminus } = bar.error_x as { array: number[]; arrayminus: number[] };
    assert.ok(array[0] > 0 && arrayminus[0] > 0);
  }
  assert.deepEqual(
    figure.data.filter((t) => t.type === "scatter").map((t) => (t.x as number[]).length),
    Array(6).fill(24),
  );
  assert.deepEqual(axisTitles(figure).filter(Boolean), [
    "decode (tok/s)<br>prompt 5 + 64 new tokens",
    "throughput (tok/s)<br>batch 8 × 128 tokens",
  ]);
  assert.equal((figure.layout.xaxis as { range: number[] }).range[0], 0);
});

Deno.test("qualityFigure() shows differences to the baseline in percentage points", () => {
  const figure = qualityFigure(comparison);
  assert.deepEqual(figure.data.map((t) => (t.x as number[])[0]).slice(0, 2), [0, -25]);
  assert.deepEqual(axisTitles(figure).filter(Boolean), [
    "Δ acc_norm of hellaswag (pp), n = 40<br>right is better",
    "Δ bits per byte, n = 40<br>left is better",
  ]);
});

Deno.test("decisionFigure() draws models, joint regions and the limits", () => {
  const figure = decisionFigure(comparison, { memoryGb: 0.7, decodeTokensPerS: 30 });
  const models = figure.data.filter((t) => t.mode === "markers");
  assert.deepEqual(models.map((t) => t.name), [
    "llama fp32 (from Q4_1), 0.750 GB, outside the limits",
    "int4, 0.310 GB",
    "24 of 30 layers, 0.650 GB",
  ]);
  const sizes = models.map((t) => (t.marker as { size: number[] }).size[0]);
  assert.ok(Math.abs((sizes[1] / sizes[0]) ** 2 - 0.31 / 0.75) < 1e-9, "area grows with memory");
  assert.equal(figure.data.filter((t) => t.fill === "toself").length, 2); // every model but the baseline
  assert.deepEqual((figure.layout.shapes as { x0: number }[]).map((s) => s.x0), [30]);
  assert.match(
    (figure.layout.title as { subtitle: { text: string } }).subtitle.text,
    /shaded: at most 0.7 GB and at least 30 tok\/s/,
  );
  assert.deepEqual(axisTitles(figure), [
    "decode (tok/s)<br>prompt 5 + 64 new tokens",
    "bits per byte (axis reversed: up is better)",
  ]);
});

Deno.test("every figure has text, never resizes itself, and one colour a model", () => {
  const views = [speedPlot(comparison), qualityPlot(comparison), decisionPlot(comparison)];
  for (const { bundle } of views) {
    assert.ok(bundle["text/plain"].length > 20);
    const figure = bundle["application/vnd.plotly.v1+json"]!;
    assert.equal(figure.config?.responsive, undefined);
    JSON.parse(JSON.stringify(figure));
  }
  const colourOf = (figure: Figure, name: string) => {
    const trace = figure.data.find((t) => String(t.name).startsWith(name) && t.error_x)!;
    return (trace.error_x as { color: string }).color;
  };
  const colours = [speedFigure(comparison), qualityFigure(comparison), decisionFigure(comparison)].map((f) =>
    colourOf(f, "int4")
  );
  assert.equal(new Set(colours).size, 1);
});

Deno.test("names are escaped in tables, figures and sentences", () => {
  const evil = fakeComparison({ int4: EVIL });
  const html = [showComparison(evil), summaryTable(evil), decisionSentence(evil)].map((v) => v.bundle["text/html"]!);
  const figures = [speedFigure(evil), qualityFigure(evil), decisionFigure(evil)].map((f) =>
    JSON.stringify(f.data.map((t) => [t.name, t.hovertemplate])) + JSON.stringify(f.layout)
  );
  for (const text of [...html, ...figures]) {
    assert.ok(!text.includes("<img"), text.slice(0, 200));
    assert.ok(text.includes("&lt;img"));
  }
});
