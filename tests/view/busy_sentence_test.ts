import assert from "node:assert/strict";
import type { NoisySample } from "../../lib/measure/busy.ts";
import { busySentence } from "../../lib/view/busy_sentence.ts";
import { showComparison, summaryTable } from "../../lib/view/comparison_view.ts";
import { verdictSentences } from "../../lib/view/verdict_sentences.ts";
import { fakeComparison } from "./fake_comparison.ts";

const sample = (cpuPressureMs: number, involuntarySwitches: number): NoisySample => ({
  latencyMs: 1000,
  noise: { cpuPressureMs, stealMs: cpuPressureMs / 10, disturbed: cpuPressureMs > 100 },
  involuntarySwitches,
});
const quiet = sample(10, 3), busy = sample(410, 153);
const rounds = (samples: NoisySample[]) => samples.map((sample) => ({ samples: { model: sample } }));

Deno.test("busySentence() is one line with how much", () => {
  const environment = { loadAverage: [3.2, 1, 1], logicalCores: 8, containerCores: 2 };
  assert.deepEqual(busySentence({ rounds: rounds([quiet, busy, busy]), environment }), [
    "The machine was busy during the run: other work took the CPU in 2 of 3 samples, tasks waited for it 28 % of the " +
    "time, the hypervisor took 3 %, the models lost it 153 times a second; load before the run 3.20 on 2 cores. Speeds " +
    "are lower and less sure for it.",
  ]);
  assert.deepEqual(busySentence({ rounds: rounds([quiet, quiet]), environment }), []);
  assert.deepEqual(busySentence({ rounds: [{ samples: { model: {} } }] }), []); // made-up rounds without counters
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
