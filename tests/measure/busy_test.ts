import assert from "node:assert/strict";
import { busyDuring, type NoisySample } from "../../lib/measure/busy.ts";

const sample = (othersCpuMs: number | null, involuntarySwitches: number | null = 3): NoisySample => ({
  latencyMs: 990,
  noise: { cpuPressureMs: 900, stealMs: 10, othersCpuMs, overMs: 1000, disturbed: (othersCpuMs ?? 0) > 130 },
  involuntarySwitches,
});
const quiet = sample(20), busy = sample(620, 153);

Deno.test("a machine is busy from a tenth of disturbed samples on", () => {
  assert.equal(busyDuring([]), null);
  assert.equal(busyDuring([...Array(19).fill(quiet), busy]), null); // pressure of our own threads: no matter
  assert.deepEqual(busyDuring([...Array(9).fill(quiet), busy]), {
    samples: 10,
    disturbed: 1,
    othersCores: 0.62,
    othersCoresInAll: 0.08, // (9 * 20 + 620) / 10,000
    stolenCores: 0.01,
    switchesPerS: 3 / 0.99,
  });
});

Deno.test("samples that are too short to tell one by one tell in sum, noise of the counters in none", () => {
  const short = (othersCpuMs: number): NoisySample => ({
    latencyMs: 15,
    noise: { cpuPressureMs: 0, stealMs: 0, othersCpuMs, overMs: 20, disturbed: false },
    involuntarySwitches: 0,
  });
  assert.equal(busyDuring([short(10), short(-10), short(10), short(-10)]), null);
  assert.equal(busyDuring([short(10), short(0), short(10), short(0)]), null); // 20 of 80 ms may still be ticks
  const many = Array.from({ length: 400 }, (_, i) => short(10 * (i % 2))); // 2 of 8 s may not
  const { disturbed, othersCoresInAll } = busyDuring(many)!;
  assert.deepEqual({ disturbed, othersCoresInAll }, { disturbed: 0, othersCoresInAll: 0.25 });
});

Deno.test("where the others' time is not known the switches tell, and without any counter nothing does", () => {
  assert.equal(busyDuring([sample(null, 30), sample(null, 40)]), null);
  assert.equal(busyDuring([sample(null, 99), sample(null, 198)])!.switchesPerS, 150);
  assert.equal(busyDuring([sample(null, null)]), null);
});

Deno.test("rounds of earlier versions, whose flag counted waits of our own threads, blame nobody by it", () => {
  const old = (involuntarySwitches: number): NoisySample => ({
    latencyMs: 1000,
    noise: { cpuPressureMs: 900, stealMs: 0, disturbed: true },
    involuntarySwitches,
  });
  assert.equal(busyDuring([old(3), old(4)]), null);
  const { disturbed, othersCoresInAll, switchesPerS } = busyDuring([old(150), old(150)])!;
  assert.deepEqual({ disturbed, othersCoresInAll, switchesPerS }, {
    disturbed: 0,
    othersCoresInAll: null,
    switchesPerS: 150,
  });
});
