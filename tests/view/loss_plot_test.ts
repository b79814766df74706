import assert from "node:assert/strict";
import type { LossCurve, SiblingsResult } from "../../lib/train/train_siblings.ts";
import { lossFigure, lossPlot } from "../../lib/view/loss_plot.ts";

const curve = (name: string, seed: number | null, losses: number[]): LossCurve => {
  return { name, seed, losses, learningRate: 0.01, tokensPerStep: 2048 / 3 };
};
const curves = [
  curve("attention <1>", null, [5, 4]),
  curve("attention <1>", 0, [4, 2, 1]),
  curve("attention <1>", 1, [4, 3, 2]),
  curve("linear", 0, [4, 4, 3]),
];

Deno.test("lossFigure() draws every seed and their mean once training has ended", () => {
  const { data } = lossFigure({ task: "MQAR", budget: "2048 tokens", curves, ended: true });
  assert.deepEqual(data.map(({ y }) => y), [[4, 2, 1], [4, 3, 2], [4, 2.5, 1.5], [4, 4, 3], [4, 4, 3]]);
  assert.ok(data.every(({ x }) => String(x) === "683,1365,2048"));
  assert.deepEqual(data.map(({ showlegend = true }) => showlegend), [false, false, true, false, true]);
  assert.equal(data[2].name, "attention &lt;1&gt;");
});

Deno.test("lossFigure() draws runs that go on, tries of the search dotted, and no mean", () => {
  const begun = [...curves.slice(0, 2), curve("linear", 0, [])];
  const { data } = lossFigure({ task: "MQAR", budget: "2048 tokens", curves: begun, ended: false });
  assert.deepEqual(data.map(({ y }) => y), [[5, 4], [4, 2, 1], []]);
  assert.deepEqual(data.map(({ line }) => (line as { dash: string }).dash), ["dot", "solid", "solid"]);
  assert.match(String(data[0].hovertemplate), /attention &lt;1&gt;, try at 0\.01/);
});

Deno.test("a curve of many steps is drawn by the means of a hundred bins", () => {
  const losses = Array.from({ length: 1000 }, (_, i) => 1000 - i);
  const { data } = lossFigure({ task: "", budget: "", curves: [curve("a", 0, losses)], ended: false });
  const y = data[0].y as number[];
  assert.deepEqual([y.length, y[0], y.at(-1)], [100, 995.5, 5.5]);
});

Deno.test("lossPlot() says the ends of a finished training in words", () => {
  const runs = [[4, 2, 1], [4, 3, 2]].map((losses, seed) => ({ losses, seed, tokens: 2048, steps: 3 }));
  const result = { task: { name: "MQAR" }, budget: "2048 tokens", siblings: { "attention <1>": { runs } } };
  assert.match(lossPlot(result as unknown as SiblingsResult).toString(), /attention <1>: 4\.00 -> 1\.50/);
});
