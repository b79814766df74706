import assert from "node:assert/strict";
import { busyDuring, type NoisySample } from "../../lib/measure/busy.ts";

const quiet: NoisySample = {
  latencyMs: 1000,
  noise: { cpuPressureMs: 10, stealMs: 0, disturbed: false },
  involuntarySwitches: 3,
};
const busy: NoisySample = {
  latencyMs: 1000,
  noise: { cpuPressureMs: 410, stealMs: 40, disturbed: true },
  involuntarySwitches: 153,
};
const blind = (involuntarySwitches: number | null): NoisySample => ({
  latencyMs: 500,
  noise: { cpuPressureMs: null, stealMs: null, disturbed: false },
  involuntarySwitches,
});

Deno.test("a machine is busy from a tenth of disturbed samples on, and the shares are over all of the time", () => {
  assert.equal(busyDuring([]), null);
  assert.equal(busyDuring([...Array(19).fill(quiet), busy]), null);
  assert.deepEqual(busyDuring([...Array(9).fill(quiet), busy]), {
    samples: 10,
    disturbed: 1,
    waitingShare: 0.05, // (9 * 10 + 410) / 10,000
    stolenShare: 0.004,
    switchesPerS: 3,
  });
});

Deno.test("without pressure and steal the switches tell, and without any counter nothing does", () => {
  assert.equal(busyDuring([blind(24), blind(25)]), null);
  assert.equal(busyDuring([blind(80), blind(70)])!.switchesPerS, 150);
  assert.equal(busyDuring([blind(null)]), null);
});
