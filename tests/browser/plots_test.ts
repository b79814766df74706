/** Every figure with hostile names, drawn by plotly: names are text, and no button sends the data away. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RooflineResidual } from "../../lib/cost/roofline.ts";
import type { Scaling } from "../../lib/measure/scaling.ts";
import { projectRoot } from "../../lib/store/paths.ts";
import { crossover } from "../../lib/stats/crossover.ts";
import { fitScaling } from "../../lib/stats/scaling_fit.ts";
import { decisionPlot } from "../../lib/view/decision_plot.ts";
import type { View } from "../../lib/view/display.ts";
import { oneLine } from "../../lib/view/escape.ts";
import { evalPlot } from "../../lib/view/eval_plot.ts";
import { lossPlot } from "../../lib/view/loss_plot.ts";
import { autocorrelationPlot } from "../../lib/view/noise_autocorrelation.ts";
import { positionPlot } from "../../lib/view/position_plot.ts";
import { qualityPlot } from "../../lib/view/quality_plot.ts";
import { rooflinePlot } from "../../lib/view/roofline_plot.ts";
import { scalingPlot } from "../../lib/view/scaling_plot.ts";
import { speedPlot } from "../../lib/view/speed_plot.ts";
import { fakeComparison } from "../view/fake_comparison.ts";
import { curveOf } from "../view/position_curves.ts";
import { HOSTILE_NAMES } from "../view/hostile_names.ts";
import { launchBrowser } from "./browser.ts";

const PLOTLY = "application/vnd.plotly.v1+json";
/** All of them in one. */
const NAME = HOSTILE_NAMES.join(" ");
/** The titles of plotly's button that sends a figure to its site: "Share chart..." in 4.1, "Edit in Chart Studio" before. */
const UPLOAD = /share|cloud|edit|studio|upload/i;
/** Where a label is broken into lines does not matter here. */
const squeezed = (text: string) => oneLine(text).replace(/\s+/g, "");

function scaling(name: string): Scaling {
  const fit = (a: number, b: number) =>
    fitScaling(
      [0, 1, 2].flatMap((block) => [64, 256, 512].map((length) => ({ block, length, value: a + b * length }))),
      1,
    );
  const model = (a: number, b: number) => ({ ttftMs: fit(a, b), tpotMs: fit(a, b) });
  const models = { base: model(1, 0.01), [name]: model(3, 0.002) };
  const found = crossover(models.base.ttftMs, models[name].ttftMs);
  return {
    models,
    baseline: "base",
    twin: "base (A/A twin)",
    crossovers: [{ time: "ttftMs", first: "base", second: name, crossover: found }],
    rounds: null as unknown as Scaling["rounds"],
  };
}

function figures(name: string): View[] {
  const comparison = fakeComparison({ int4: name });
  const run = { seed: 0, learningRate: 0.01, losses: [3, 2, 1], steps: 3, tokens: 30, tokensPerStep: 10 };
  const roof = { flops: 1e9, intensity: 2, bound: "memory" };
  return [
    speedPlot(comparison),
    qualityPlot(comparison),
    decisionPlot(comparison, { memoryGb: 1 }),
    evalPlot({ [name]: comparison.raw.tasks.hellaswag.int4 ?? Object.values(comparison.raw.tasks.hellaswag)[0] }),
    scalingPlot(scaling(name)),
    positionPlot(curveOf([0, 0.2, 0.3], {}, name)),
    autocorrelationPlot([1, 2, 1, 3, 2, 4, 1, 2], name),
    lossPlot(
      {
        task: { name, metric: "accuracy", chance: 0, ceiling: 1 },
        budget: name,
        siblings: { [name]: { runs: [run] } },
      } as never,
    ),
    rooflinePlot(
      {
        name,
        kind: "cpu",
        flopsPerS: { fp32: 1e11 },
        bytesPerS: 1e10,
        memoryBytes: 8e9,
        tdpWatts: null,
        measured: false,
        source: name,
      },
      [{
        name,
        phase: "decode",
        precision: "fp32",
        measuredMs: 1,
        ratio: 1,
        roof: { decode: roof, prefill: roof, ridge: 10 },
      }] as unknown as RooflineResidual[],
    ),
  ];
}

/** What the browser shows of a figure. */
interface Seen {
  texts: string[];
  /** Hover texts of the traces that have the name in their template. */
  hovers: string[];
  /** Elements that only markup in a name could have made. */
  foreign: number;
  buttons: string[];
}

/** Runs in the page. */
const draw = `async ({ data, layout, config }) => {
  const plot = document.getElementById("plot");
  await Plotly.newPlot(plot, data, layout, { ...config, displayModeBar: true });
  const textOf = (e) => [...e.querySelectorAll("tspan.line")].map((line) => line.textContent).join(" ") || e.textContent;
  const hovers = [];
  const hovered = data.findIndex((trace) => trace.hovertemplate && trace.hovertemplate.includes("script"));
  if (hovered >= 0) {
    Plotly.Fx.hover(plot, [{ curveNumber: hovered, pointNumber: 0 }], plot._fullData[hovered].xaxis + plot._fullData[hovered].yaxis);
    await new Promise((done) => setTimeout(done, 100));
    hovers.push([...plot.querySelectorAll(".hoverlayer text")].map(textOf).join(" "));
  }
  const seen = {
    texts: [...plot.querySelectorAll(".main-svg text")].map(textOf),
    hovers,
    foreign: plot.querySelectorAll("svg a, img, script, b, table").length,
    buttons: [...plot.querySelectorAll(".modebar-btn")].map((b) => b.getAttribute("data-title")),
  };
  Plotly.purge(plot);
  return seen;
}`;

Deno.test({
  name: "plotly shows hostile names as they are, draws no links from them, and offers no upload",
  sanitizeOps: false, // the browser is a process of its own, with pipes that close after it
  sanitizeResources: false,
  async fn() {
    const plotly = await readFile(join(projectRoot(), "node_modules", "plotly.js-dist-min", "plotly.min.js"), "utf8");
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage({ viewport: { width: 900, height: 800 } });
      await page.setContent("<!DOCTYPE html><div id=plot></div>");
      await page.addScriptTag({ content: plotly });
      for (const view of figures(NAME)) {
        const seen = await page.evaluate<Seen>(`(${draw})(${JSON.stringify(view.bundle[PLOTLY])})`);
        const title = view.toString().split("\n")[0];
        assert.ok(
          seen.texts.some((text) => squeezed(text).includes(squeezed(NAME))),
          `${title}: ${seen.texts.join(" / ")}`,
        );
        for (const hover of seen.hovers) assert.ok(squeezed(hover).includes(squeezed(NAME)), `${title}: ${hover}`);
        assert.equal(seen.foreign, 0);
        assert.ok(
          seen.buttons.length > 2 && !seen.buttons.some((b) => UPLOAD.test(b)),
          String(seen.buttons),
        );
      }
    } finally {
      await browser.close();
    }
  },
});
