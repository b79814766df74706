/**
 * `deno task bench:fit`: what `willItRun` says of SmolLM2-135M on this machine, from peaks measured before and after, beside
 * what is measured: memory, TTFT and decode speed. It only prints.
 */
import { hardware } from "../../lib/cost/hardware.ts";
import { rooflineResiduals } from "../../lib/cost/roofline.ts";
import { type WillItRun, willItRun } from "../../lib/cost/will_it_run.ts";
import { ArchitectureBenchmark } from "../../lib/measure/architecture_benchmark.ts";
import type { BenchmarkResult } from "../../lib/measure/benchmark_result.ts";
import { measuredTimes } from "../../lib/measure/measured_times.ts";
import { measurePeaks } from "../../lib/measure/peaks.ts";
import { peaksTable } from "../../lib/view/peaks_table.ts";
import { rooflineTable } from "../../lib/view/roofline_table.ts";
import { willItRunTable } from "../../lib/view/will_it_run_table.ts";

const ref = "smollm2-135m", promptTokens = 256, newTokens = 64;
const hosts = Number(Deno.args[0] ?? 3);

const before = await measurePeaks({ hosts });
const results: BenchmarkResult[] = [];
for (const precision of ["fp32", "int8", "int4"] as const) {
  results.push(
    await new ArchitectureBenchmark(ref, { precision }).benchmarkGeneration(promptTokens, newTokens, { numRuns: 5 }),
  );
}
const after = await measurePeaks({ hosts, seed: 1 });
console.log(`${peaksTable(before)}\n\n${peaksTable(after)}\n`);

const answers: WillItRun[] = [];
for (const { model } of results) {
  const precision = model.precision as "fp32";
  answers.push(await willItRun(ref, { precision, promptTokens, newTokens, hardware: before.machine }));
}
console.log(
  `${
    willItRunTable(...answers, await willItRun(ref, { promptTokens, newTokens, hardware: hardware("Ryzen 7 5800X") }))
  }\n`,
);
answers.forEach((answer, i) => {
  const { memory, decodeTokensPerS: speed, ttftMs } = answer,
    { memoryGb, decodeTokensPerS, model, ttftMs: ttft } = results[i];
  const off = 100 * (memory.runBytes / 1e9 / memoryGb! - 1);
  console.log(
    `${model.precision}: memory ${(memory.runBytes / 1e9).toFixed(3)} GB, measured ${memoryGb!.toFixed(3)} (${
      off.toFixed(1)
    } %)`,
  );
  console.log(
    `  decode ${words(speed)} tok/s, measured ${decodeTokensPerS!.point.toFixed(1)}${
      within(speed, decodeTokensPerS!.point)
    }`,
  );
  console.log(`  TTFT ${words(ttftMs!)} ms, measured ${ttft!.point.toFixed(0)}${within(ttftMs!, ttft!.point)}`);
});
for (const machine of [before.machine, after.machine]) {
  console.log(
    `\n${rooflineTable(rooflineResiduals(results.map((r) => measuredTimes(r)), machine, { convention: "executed" }))}`,
  );
}

function words({ low, high }: { low: number; high: number }): string {
  return `${low.toFixed(1)} to ${high.toFixed(1)}`;
}

function within({ low, high }: { low: number; high: number }, value: number): string {
  return value >= low && value <= high ? ", within" : ", outside";
}
