import assert from "node:assert/strict";
import { PositionCurve } from "../../lib/compare/position/curve.ts";
import { positionFigure, positionPlot } from "../../lib/view/position_plot.ts";
import { positionSentence } from "../../lib/view/position_sentence.ts";
import { positionTable } from "../../lib/view/position_table.ts";
import { curveOf } from "./position_curves.ts";

Deno.test("the sentence says where a model loses, where it gains, and where nothing was found", () => {
  assert.equal(
    positionSentence(curveOf([0, 0.2, 0.3], {}, "window")),
    "window against full: the same within 0.02 bits per byte up to 128 tokens; loses 0.20 to 0.30 bits per byte from 128 " +
      "tokens on. Places from 256 tokens on reach past the 300 tokens that window was made for.",
  );
  assert.match(
    positionSentence(curveOf([-0.1, 0, -0.1])),
    /gains 0\.10 bits per byte up to 128 tokens; the same .* from 128 to 256 tokens; gains 0\.10 .* from 256 tokens on/,
  );
  assert.match(positionSentence(curveOf([0.1, 0.1])), /loses 0\.10 bits per byte at every place up to 256 tokens\./);
});

Deno.test("two texts say that they are too few, and give no verdict", () => {
  const whole = curveOf([0.1, 0.3]).raw, two = <T>(list: T[]) => list.slice(0, 2);
  const [first, second] = Object.values(whole.models);
  const cut = (model: typeof first, more: number) => {
    const bits = two(model.bits).map((text, t) => text.map((x) => x * (1 + more * t)));
    return { ...model, bits, tokens: two(model.tokens) };
  };
  const few = new PositionCurve({
    ...whole,
    texts: two(whole.texts),
    models: { full: cut(first, 0), w: cut(second, 1) },
  });
  assert.match(positionSentence(few), /too few texts to tell at every place/);
  assert.match(String(positionTable(few)), /too few texts/);
  const title = (curve: PositionCurve) => JSON.stringify(positionFigure(curve).layout.title);
  assert.match(title(few), /no band: too few texts/);
  assert.doesNotMatch(title(curveOf([0, 0.2, 0.3])), /no band/);
});

Deno.test("the table has a row a model and bin, with marks past the trained length and what was left out", () => {
  const view = positionTable(curveOf([0, 0.2, 0.3])), text = String(view);
  assert.match(text, /window <b> +256–512 past its trained length .* worse/);
  assert.match(text, /full +0–128 .* — +baseline/);
  assert.match(text, /3 texts: drawn; left out: short \(it has 5 of 512 tokens\)/);
  assert.ok(!view.bundle["text/html"]!.includes("<b>"), "names are escaped");
  const bytes = positionTable(curveOf([0, 0.2], { unit: "bytes" }));
  assert.match(String(bytes), /place \(bytes\) +place \(tokens\)/);
});

Deno.test("the figure has a panel of levels and one of differences, to base 2, with a line at a trained length", () => {
  const { data, layout } = positionFigure(curveOf([0, 0.2, 0.3]));
  const points = data.filter((trace) => trace.mode === "lines+markers") as {
    name: string;
    yaxis: string;
    y: number[];
  }[];
  assert.deepEqual(points.map(({ name, yaxis }) => `${name} ${yaxis}`), [
    "full y",
    "window &lt;b&gt; y",
    "window &lt;b&gt; y2",
  ]);
  assert.deepEqual(points[2].y.map((y) => y.toFixed(6)), ["0.000000", "0.200000", "0.300000"]);
  const xaxis = layout.xaxis as { type: string; tickvals: number[]; range: number[] };
  assert.deepEqual([xaxis.type, xaxis.tickvals], ["log", [128, 256, 512]]);
  assert.deepEqual(xaxis.range.map((r) => Math.round(10 ** r)), [64, 512]);
  const shapes = layout.shapes as { type: string; x0: number }[];
  assert.deepEqual(shapes.filter(({ type }) => type === "line").map(({ x0 }) => x0), [300]);
  const alone = curveOf([0, 0.1]).raw, { full } = alone.models;
  assert.equal(positionFigure(new PositionCurve({ ...alone, models: { full } })).layout.yaxis2, undefined);
  assert.match(String(positionPlot(curveOf([0, 0.2]))), /full: .* to 128, .* to 256 tokens/);
});
