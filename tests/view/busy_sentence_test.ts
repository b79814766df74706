import assert from "node:assert/strict";
import type { NoisySample } from "../../lib/measure/busy.ts";
import { busySentence } from "../../lib/view/busy_sentence.ts";
import { showComparison, summaryTable } from "../../lib/view/comparison_view.ts";
import { verdictSentences } from "../../lib/view/verdict_sentences.ts";
import { fakeComparison } from "./fake_comparison.ts";

const sample = (othersCpuMs: number | null, involuntarySwitches: number, stealMs = 10): NoisySample => ({
  latencyMs: 1000,
  noise: { cpuPressureMs: 900, stealMs, othersCpuMs, overMs: 1000, disturbed: (othersCpuMs ?? 0) > 130 },
  involuntarySwitches,
});
const quiet = sample(10, 3), busy = sample(620, 153);
const rounds = (samples: NoisySample[]) => samples.map((sample) => ({ samples: { model: sample } }));

Deno.test("busySentence() is one line with how much of the machine was in whose hands", () => {
  const environment = { loadAverage: [3.2, 1, 1], logicalCores: 8 };
  assert.deepEqual(busySentence({ rounds: rounds([quiet, busy, busy]), environment }), [
    "The machine was busy during the run: other processes used 0.6 of 8 cores during 2 of 3 samples (0.4 over all), the " +
    "models lost their CPU 153 times a second; load before the run 3.20 on 8 cores. Speeds may be lower for it, and are " +
    "less sure.",
  ]);
  assert.deepEqual(busySentence({ rounds: rounds([busy]) }), [
    "The machine was busy during the run: other processes used 0.6 cores during 1 of 1 samples, the models lost their " +
    "CPU 153 times a second. Speeds may be lower for it, and are less sure.",
  ]);
  assert.deepEqual(busySentence({ rounds: rounds([quiet, quiet]), environment }), []); // only our own threads waited
  assert.deepEqual(busySentence({ rounds: [{ samples: { model: {} } }] }), []); // made-up rounds without counters
});

Deno.test("busySentence() names the hypervisor, and says no more than is known where others' time is not", () => {
  assert.deepEqual(busySentence({ rounds: rounds([sample(0, 0, 300)]) }), [
    "The machine was busy during the run: the hypervisor took 0.3 cores. Speeds may be lower for it, and are less sure.",
  ]);
  assert.deepEqual(busySentence({ rounds: rounds([sample(null, 150)]) }), [
    "The machine was busy during the run: the models lost their CPU 150 times a second. Speeds may be lower for it, and " +
    "are less sure.",
  ]);
});

Deno.test("it stands once beside the verdicts of a comparison, and nowhere where the machine was quiet", () => {
  const comparison = fakeComparison();
  const said = () =>
    [
      showComparison(comparison).toString(),
      summaryTable(comparison).toString(),
      verdictSentences(comparison).join("\n"),
    ]
      .map((text) => text.split("\n").filter((line) => line.startsWith("The machine was busy")).length);
  assert.deepEqual(said(), [0, 0, 0]);
  for (const { samples } of comparison.raw.rounds) for (const s of Object.values(samples)) Object.assign(s, busy);
  assert.deepEqual(said(), [1, 1, 1]);
});
