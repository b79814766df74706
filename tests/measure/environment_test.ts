import assert from "node:assert/strict";
import { captureEnvironment } from "../../lib/measure/environment.ts";
import { noiseBetween, readNoise } from "../../lib/measure/noise.ts";

Deno.test("captureEnvironment() names the machine, and what it can't see", async () => {
  const e = await captureEnvironment();
  assert.ok(e.cpu.length > 0 && e.logicalCores >= 1 && e.memoryGb > 0.1);
  assert.equal(e.deno, Deno.version.deno);
  assert.match(e.onnxruntime, /^\d+\.\d+\.\d+/);
  assert.equal(e.cpuPressureMs === null, e.missing.includes("CPU pressure (/proc/pressure/cpu)"));
});

Deno.test("readNoise() reads the kernel's counters, in ms", () => {
  const files: Record<string, string> = {
    "/proc/pressure/cpu":
      "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=9\n",
    "/proc/stat": "cpu  100 0 50 9000 3 0 1 7 0 0\ncpu0 100 0 50 9000 3 0 1 7 0 0\n",
  };
  assert.deepEqual(readNoise((path) => files[path] ?? null), { cpuPressureMs: 2500, stealMs: 70 });
  assert.deepEqual(readNoise(() => null), { cpuPressureMs: null, stealMs: null });
});

Deno.test("a sample is flagged when pressure or steal took more than a tenth of its time", () => {
  const at = (cpuPressureMs: number | null, stealMs: number | null) => ({ cpuPressureMs, stealMs });
  assert.equal(noiseBetween(at(0, 0), at(9, 10), 100).disturbed, false);
  assert.equal(noiseBetween(at(0, 0), at(11, 0), 100).disturbed, true);
  assert.equal(noiseBetween(at(0, 0), at(0, 30), 100).disturbed, true);
  assert.deepEqual(noiseBetween(at(null, 0), at(null, 0), 100), { cpuPressureMs: null, stealMs: 0, disturbed: false });
});
