import assert from "node:assert/strict";
import type { Scaling } from "../../lib/measure/scaling.ts";
import { crossover } from "../../lib/stats/crossover.ts";
import { seededRandom } from "../../lib/stats/random.ts";
import { fitScaling } from "../../lib/stats/scaling_fit.ts";
import { crossoverSentence } from "../../lib/view/crossover_sentence.ts";
import { scalingFigure, scalingPlot } from "../../lib/view/scaling_plot.ts";
import { scalingTable } from "../../lib/view/scaling_table.ts";

const random = seededRandom(2);
const LENGTHS = [128, 256, 512, 1024];
function fit([a, b, c = 0]: number[], degree: 1 | 2 = 1, noise = 0.002) {
  const samples = [0, 1, 2, 3, 4, 5].flatMap((block) =>
    LENGTHS.map((length) => ({
      block,
      length,
      value: (a + b * length + c * length ** 2) * (1 + noise * random.normal()),
    }))
  );
  return fitScaling(samples, degree);
}
const EVIL = "<b>b";

function scaling(): Scaling {
  const models: Scaling["models"] = {
    a: { ttftMs: fit([10, 0.5, 1e-3], 2), tpotMs: fit([2, 0.01]) },
    [EVIL]: { ttftMs: fit([200, 0.6], 2), tpotMs: fit([6, 0.001]) },
    "a (A/A twin)": { ttftMs: fit([10, 0.5, 1e-3], 2), tpotMs: fit([2, 0.01]) },
  };
  const crossovers = [EVIL, "a (A/A twin)"].flatMap((second) =>
    (["ttftMs", "tpotMs"] as const).map((time) => ({
      time,
      first: "a",
      second,
      crossover: crossover(models.a[time], models[second][time]),
    }))
  );
  return { models, baseline: "a", twin: "a (A/A twin)", crossovers, rounds: null as unknown as Scaling["rounds"] };
}

const sentence = (first: number[], second: number[], noise?: number) =>
  crossoverSentence({
    time: "tpotMs",
    first: "a",
    second: "b",
    crossover: crossover(fit(first, 1, noise), fit(second, 1, noise)),
  });

Deno.test("a crossover is said in words: where, beyond the measured, never, open, or not told apart", () => {
  assert.match(
    sentence([2, 0.01], [6, 0.001]),
    /^By time a token, b overtakes a at 44\d tokens of context \(95 % interval 4\d\d to 4\d\d\)\.$/,
  );
  assert.match(sentence([2, 0.01], [22, 0.002]), /at 2\d\d0 .*, extrapolated beyond the 1020 that were measured\.$/);
  assert.equal(sentence([2, 0.01], [3, 0.02]), "By time a token, a is faster than b at every length.");
  assert.equal(sentence([3, 0.02], [2, 0.01]), "By time a token, b is faster than a at every length.");
  assert.match(
    sentence([2, 0.01], [2.5, 0.01], 0.01),
    /a is faster up to \d+ tokens of context; .* \(95 % interval has no upper end\)\.$/,
  );
  assert.equal(sentence([2, 0.01], [2.001, 0.01], 0.02), "By time a token, a and b are told apart at no length.");
});

Deno.test("scalingTable() has the terms with intervals, and the crossovers under it", () => {
  const text = scalingTable(scaling()).toString();
  assert.match(
    text,
    /^a +\d+\.\d+ \[.*\] +0\.\d+ \[.*\] +\d+ \[.*\] +[12]\.\d+ \[.*\] +\d+\.\d+ \[.*\] +\d\.\d \/ \d\.\d$/m,
  );
  assert.match(text, /By time a token, <b>b overtakes a at 44\d/);
  assert.match(text, /Student's t over 6 blocks/);
});

Deno.test("scalingFigure() draws points, fit and band in two panels, and where models cross; no twin", () => {
  const { data, layout } = scalingFigure(scaling());
  assert.equal(data.length, 2 * 2 * 3);
  const points = data.filter((t) => t.mode === "markers");
  assert.deepEqual(points.map((t) => [t.name, t.xaxis, (t.x as number[]).length]), [
    ["a", "x", 4],
    ["&lt;b&gt;b", "x", 4],
    ["a", "x2", 4],
    ["&lt;b&gt;b", "x2", 4],
  ]);
  const [ttft, tpot] = layout.shapes as { xref: string; x0: number; x1: number }[];
  assert.deepEqual([ttft.xref, tpot.xref], ["x", "x2"]);
  assert.ok(tpot.x0 > 400 && tpot.x0 < 4000 / 9 && tpot.x1 > 4000 / 9 && tpot.x1 < 500); // 2 + 0.01 x = 6 + 0.001 x
  const view = scalingPlot(scaling());
  assert.equal(view.bundle["application/vnd.plotly.v1+json"]!.config?.responsive, undefined);
  assert.ok(!JSON.stringify(view.bundle["application/vnd.plotly.v1+json"]).includes("<b>b"));
  assert.match(view.toString(), /a: TTFT 9\d\.\d ms at 128 to 15\d\d ms at 1024 tokens, TPOT /);
});
