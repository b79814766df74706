import { openModel, QualityBenchmark } from "../../lib/mod.ts";
import golden from "../golden/hellaswag_0shot_gemma3.json" with { type: "json" };
let t = performance.now();
const q = new QualityBenchmark({ ref: "gemma3-270m", precision: "fp32" });
const { items, metrics } = await q.evaluateTask("hellaswag", undefined, {
  rows: JSON.parse(Deno.readTextFileSync("tests/golden/eval_rows.json")).hellaswag.slice(0, 30),
  store: null,
});
console.log("secs", (performance.now() - t) / 1000);
let worst = 0;
golden.items.forEach((w, i) =>
  w.ll.forEach((ll, k) => {
    worst = Math.max(worst, Math.abs(ll - items[i].logLikelihoods![k]));
  })
);
console.log(
  "worst",
  worst,
  items.every((i, k) => i.correct === golden.items[k].acc && i.correctNorm === golden.items[k].acc_norm),
  metrics.acc.point,
  metrics.acc_norm.point,
);
