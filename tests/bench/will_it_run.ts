/**
 * `deno task bench:fit [HOSTS] [MODEL...]`: what `willItRun` says of models on this machine (default: SmolLM2-135M and Gemma 3
 * 270M), from peaks measured before and after, beside what is measured: memory, TTFT and decode speed, in fp32, int8, int4
 * and stored. It only prints.
 */
import { hardware } from "../../lib/cost/hardware.ts";
import { rooflineResiduals } from "../../lib/cost/roofline.ts";
import { type WillItRun, willItRun } from "../../lib/cost/will_it_run.ts";
import { ArchitectureBenchmark } from "../../lib/measure/architecture_benchmark.ts";
import type { BenchmarkResult } from "../../lib/measure/benchmark_result.ts";
import { measuredTimes } from "../../lib/measure/measured_times.ts";
import { startHost } from "../../lib/model/host.ts";
import { measurePeaks } from "../../lib/measure/peaks.ts";
import { peaksTable } from "../../lib/view/peaks_table.ts";
import { rooflineTable } from "../../lib/view/roofline_table.ts";
import { willItRunTable } from "../../lib/view/will_it_run_table.ts";

const promptTokens = 256, newTokens = 64, precisions = ["fp32", "int8", "int4", "stored"] as const;
const [count = "3", ...named] = Deno.args, hosts = Number(count);
const refs = named.length ? named : ["smollm2-135m", "gemma3-270m"];

const before = await measurePeaks({ hosts });
const results: { ref: string; precision: typeof precisions[number]; result: BenchmarkResult }[] = [];
for (const ref of refs) {
  for (const precision of precisions) {
    await (await startHost(ref, { precision, graphs: [] })).close(); // built, so that no measured process has to
    const result = await new ArchitectureBenchmark(ref, { precision })
      .benchmarkGeneration(promptTokens, newTokens, { numRuns: 5 });
    results.push({ ref, precision, result });
  }
}
const after = await measurePeaks({ hosts, seed: 1 });
console.log(`${peaksTable(before)}\n\n${peaksTable(after)}\n`);

const answers: WillItRun[] = [];
for (const { ref, precision } of results) {
  answers.push(await willItRun(ref, { precision, promptTokens, newTokens, hardware: before.machine }));
}
const elsewhere = await willItRun(refs[0], { promptTokens, newTokens, hardware: hardware("Ryzen 7 5800X") });
console.log(`${willItRunTable(...answers, elsewhere)}\n`);
answers.forEach((answer, i) => {
  const { memory, decodeTokensPerS: speed, ttftMs } = answer,
    { memory: seen, memoryGb, decodeTokensPerS, model, ttftMs: ttft } = results[i].result;
  console.log(
    `${model.name} ${model.precision}: memory ${against(memory.runBytes, memoryGb!)}, while loading ${
      against(memory.loadBytes, seen!.loadPeakGb)
    }`,
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
    `\n${
      rooflineTable(rooflineResiduals(
        results.map(({ result }) => measuredTimes(result)),
        machine,
        { convention: "executed" },
      ))
    }`,
  );
}

function against(bytes: number, gb: number): string {
  return `${(bytes / 1e9).toFixed(3)} GB, measured ${gb.toFixed(3)} (${(100 * (bytes / 1e9 / gb - 1)).toFixed(1)} %)`;
}

function words({ low, high }: { low: number; high: number }): string {
  return `${low.toFixed(1)} to ${high.toFixed(1)}`;
}

function within({ low, high }: { low: number; high: number }, value: number): string {
  return value >= low && value <= high ? ", within" : ", outside";
}
