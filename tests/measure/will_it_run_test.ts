/** Predicted memory against the peak of real hosts. Speed is in `task bench:fit`, which only prints: a busy machine is no fault. */
import assert from "node:assert/strict";
import { willItRun } from "../../lib/cost/will_it_run.ts";
import { hardware } from "../../lib/cost/hardware.ts";
import { startHost } from "../../lib/model/host.ts";
import { ArchitectureBenchmark } from "../../lib/measure/architecture_benchmark.ts";

/** Predictions were within 8 % when the runtime's constants were fitted; the arena's sizes vary a little. */
const TOLERANCE = 0.15;

for (const precision of ["fp32", "int4"] as const) {
  Deno.test(`SmolLM2-135M at ${precision} is built, so that no measured process has to`, async () => {
    await (await startHost("smollm2-135m", { precision, graphs: [] })).close();
  });
  for (const [promptTokens, newTokens] of [[5, 64], [512, 8]]) {
    Deno.test(`memory of SmolLM2-135M at ${precision}, ${promptTokens} + ${newTokens} tokens, is what willItRun says`, async () => {
      const setting = { promptTokens, newTokens };
      const bench = new ArchitectureBenchmark("smollm2-135m", { precision });
      const measured = await bench.measureMemory(setting, { hosts: 1 });
      if (measured.method !== "VmHWM") return; // sampled here, so the peak may be missed
      const { memory } = await willItRun("smollm2-135m", {
        precision,
        ...setting,
        hardware: hardware("Raspberry Pi 5"),
      });
      const error = memory.runBytes / 1e9 / measured.memoryGb.point - 1;
      const of = `predicted ${(memory.runBytes / 1e9).toFixed(3)} GB, measured ${
        measured.memoryGb.point.toFixed(3)
      } GB`;
      console.log(`${precision}, ${promptTokens} + ${newTokens} tokens: ${of}, error ${(100 * error).toFixed(1)} %`);
      assert.ok(Math.abs(error) < TOLERANCE, of);
    });
  }
}
