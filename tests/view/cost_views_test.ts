import assert from "node:assert/strict";
import { hardware, type Machine } from "../../lib/cost/hardware.ts";
import { recommend } from "../../lib/cost/recommend.ts";
import { rooflineResiduals } from "../../lib/cost/roofline.ts";
import { specWillItRun } from "../../lib/cost/will_it_run.ts";
import { measurePeaks } from "../../lib/measure/peaks.ts";
import { peaksTable } from "../../lib/view/peaks_table.ts";
import { recommendTable } from "../../lib/view/recommend_table.ts";
import { rooflineFigure, rooflinePlot } from "../../lib/view/roofline_plot.ts";
import { rooflineTable } from "../../lib/view/roofline_table.ts";
import { willItRunTable } from "../../lib/view/will_it_run_table.ts";
import { smollm2 } from "../cost/smollm2_spec.ts";

const EVIL = "<b>b";
const machine: Machine = {
  name: `${EVIL} box`,
  kind: "cpu",
  flopsPerS: { fp32: 200e9, int4: 400e9 },
  bytesPerS: 30e9,
  memoryBytes: 16e9,
  tdpWatts: 50,
  measured: true,
  source: "made up",
};
const times = { spec: smollm2, promptTokens: 512, newTokens: 64, ttftMs: 1178.50374144, tpotMs: 40 };
const residuals = rooflineResiduals([
  { name: EVIL, precision: "fp32", ...times },
  { name: "int4", precision: "int4", ...times },
], machine);

Deno.test("rooflineTable() has work, intensity, what bounds, and predicted against measured", () => {
  const lines = rooflineTable(residuals).toString().split("\n");
  const line = (start: string) => lines.filter((l) => l.startsWith(start));
  assert.match(line(EVIL)[0], /prefill +118 +562 +210 +6\.67 +arithmetic +589 +1179 +2\.00 +50 +2$/);
  assert.match(line(EVIL)[1], /decode +0\.307 +563 +0\.544 +6\.67 +memory +18\.8 +40\.0 +2\.13 +4 +47$/);
  assert.match(lines.at(-2)!, /^Measured is \d\.\d\d times the predicted time \(geometric mean of 4; /);
});

Deno.test("rooflineFigure() draws a roof a precision and a point a model and phase, on logarithmic axes", () => {
  const { data, layout } = rooflineFigure(machine, residuals);
  const roofs = data.filter((t) => t.mode === "lines"), points = data.filter((t) => t.mode === "markers");
  assert.deepEqual([roofs.length, points.length], [2, 4]);
  assert.equal(roofs[0].name, "fp32: 200 GFLOP/s, 30.0 GB/s");
  const [x, y] = [roofs[0].x as number[], roofs[0].y as number[]];
  assert.ok(
    Math.abs(x[1] - 20 / 3) < 1e-9 && Math.abs(y[1] - 200) < 1e-9 && y[2] === y[1],
    "the roof breaks at the ridge",
  );
  assert.ok(Math.abs((points[0].y as number[])[0] - 100) < 1e-9, "half of the peak");
  assert.equal((layout.xaxis as { type: string }).type, "log");
  const text = JSON.stringify(rooflinePlot(machine, residuals).bundle["application/vnd.plotly.v1+json"]);
  assert.ok(!text.includes("<b>b") && text.includes("&lt;b&gt;b"));
  assert.match(
    rooflinePlot(machine, residuals).toString(),
    /<b>b, prefill: 100 GFLOP\/s at 210 FLOPs\/byte, 2\.00 times/,
  );
});

Deno.test("willItRunTable() shows memory by part, the margin, ranges and where they come from", () => {
  const price = { usdPerHour: 0.4, api: { inputUsdPerMillion: 0.1, outputUsdPerMillion: 0.4 } };
  const fits = specWillItRun(smollm2, { hardware: machine, precision: "int4", price });
  const text = willItRunTable(fits, specWillItRun(smollm2, { hardware: { ...machine, memoryBytes: 1e9 } })).toString();
  assert.match(text, /smollm2-135m int4 .*weights 0\.115 packed head 0\.0212 cache 0\.0885 .*fits 15\.\d GB free/);
  assert.match(text, /smollm2-135m fp32 .*while loading 1\.12 +does not fit 0\.116 GB too much/);
  assert.match(text, /API: 0\.800 (never cheaper than the API|cheaper if busy)/);
  assert.match(
    text,
    /Speed: 0\.\d+ to 1\.\d+ of the FLOP\/s, 0\.\d+ to 1\.\d+ of the bytes\/s for weights and .* for caches, of measured figures, and 0 to 0\.02 ms a layer/,
  );
  assert.match(text, /Memory: onnxruntime-node/);
  const unknown = willItRunTable(specWillItRun(smollm2, { hardware: hardware("Apple M4"), precision: "fp16" }))
    .toString();
  assert.match(unknown, /not known 512 prompt tokens/);
  assert.doesNotMatch(unknown, /USD|J a token/);
  assert.ok(willItRunTable(fits).bundle["text/html"]!.includes("&lt;b&gt;b"));
});

Deno.test("recommendTable() has a row a model and precision, what fails last, and says what it leaves out", async () => {
  const result = await recommend({
    models: [smollm2, "llama-2-7b", "llama-2-70b"],
    memoryGb: 8,
    contextLength: 2048,
    hardware: ["RTX 4090", "H100 SXM"],
  });
  const text = recommendTable(result, { topFailed: 2 }).toString();
  assert.match(text, /Models for at most 8\.00 GB, 2048 tokens of context/);
  assert.match(text, /llama-2-7b int4 +6\.74 +meets +NVIDIA H100 SXM and 1 more +\d\.\d\d of 8\.00 GB; /);
  assert.match(text, /llama-2-7b int8 +6\.74 +fails +NVIDIA H100 SXM and 1 more +needs 9\.46 GB/);
  assert.match(text, /3 more that fail everywhere are not shown/);
  assert.equal(text.split("\n").filter((l) => /^llama-2-7b int4/.test(l)).length, 1);
});

Deno.test("peaksTable() has intervals, and says if the machine was busy", async () => {
  const start = () =>
    Promise.resolve({
      pid: 0,
      graphRuns: ({ repeats }: { repeats: number }) =>
        Promise.resolve({ ms: Array(repeats).fill(100), provider: "cpu", threads: 2 }),
      close: () => Promise.resolve(),
    });
  const peaks = await measurePeaks({ hosts: 2, repeats: 1, warmups: 1, bytes: 1e9, start });
  peaks.samples.forEach((s, i) => s.disturbed = i < 3);
  const text = peaksTable(peaks).toString();
  assert.match(text, /fp32 weights +172 \[172, 172\] +10\.0 \[10\.0, 10\.0\]/); // 2 * 2048^3 and 10^9 in 0.1 s
  assert.match(text, /copy, read and written +— +20\.0/);
  assert.match(text, /During 3 of 14 runs the machine was busy/);
});
