import assert from "node:assert/strict";
import { captureEnvironment } from "../../lib/measure/environment.ts";

Deno.test("captureEnvironment() names the machine, and what it can't see", async () => {
  const e = await captureEnvironment();
  assert.ok(e.cpu.length > 0 && e.logicalCores >= 1 && e.memoryGb > 0.1);
  assert.equal(e.deno, Deno.version.deno);
  assert.match(e.onnxruntime, /^\d+\.\d+\.\d+/);
  assert.equal(e.cpuPressureMs === null, e.missing.includes("CPU pressure (/proc/pressure/cpu)"));
});
