import assert from "node:assert/strict";
import { planRounds } from "../../lib/measure/power.ts";
import type { SimulationRow } from "../../lib/measure/simulation.ts";
import { planTable } from "../../lib/view/noise_plan.ts";
import { simulationView } from "../../lib/view/noise_simulation.ts";

const share = (point: number, low = point - 0.01, high = point + 0.01) => ({ point, low, high, level: 0.95, n: 1000 });
const row = (scheme: SimulationRow["scheme"], noise: string, alarms: number): SimulationRow => ({
  noise,
  process: 0.01,
  scheme,
  effect: 0,
  seed: 1,
  trials: 1000,
  excludesNone: share(alarms),
  coverage: share(1 - alarms),
  claimed: share(0.002, 0, 0.004),
  same: share(0.7),
  signFlip: null,
  stoppedByWidth: share(0.5),
  medianRounds: 56,
  p90Rounds: 120,
});

Deno.test("simulationView() has a row a kind of noise and a column a scheme, and marks what alarms too often", () => {
  const rows = [
    row("rounds", "independent", 0.05),
    row("rounds", "3 % drift", 0.04),
    row("sequential", "independent", 0.06),
    row("sequential", "3 % drift", 0.91),
    { ...row("rounds", "independent", 0.9), effect: 0.02 }, // a true difference: no false alarm
  ];
  const view = simulationView(rows), text = view.toString();
  assert.match(text, /independent +1 +6\.0 \[5\.0, 7\.0\] +5\.0 \[4\.0, 6\.0\] +95\.0 +0\.2 +70\.0 +56/);
  assert.match(text, /3 % drift +1 +91\.0 \[90\.0, 92\.0\] +4\.0 \[3\.0, 5\.0\] +96\.0 +0\.2 +70\.0 +56/);
  assert.match(text, /1000 sessions a row/);
  assert.ok(!text.includes("turns, alarms"));
  assert.equal(view.bundle["text/html"]!.match(/font-weight:600">91/g)?.length, 1);
  assert.ok(!view.bundle["text/html"]!.includes('font-weight:600">5'));
});

Deno.test("planTable() lists rounds and minutes of every setting and difference", () => {
  const pilot = { logRatios: [0.01, -0.01, 0.02, -0.02, 0, 0.005], rounds: 24, minutes: 2 };
  const plan = planRounds(pilot);
  const text = planTable([{ config: "p5_l32", plan }, { config: "b1_s64", plan }]).toString();
  assert.match(text, /prompt 5 \+ 32 new tokens +5 +faster or slower +\d+ \[\d+, \d+\] +\d+(\.\d)? \[[\d., ]+\]/);
  assert.match(text, /batch 1 × 64 tokens +1 +interval excludes 1/);
  assert.match(text, /batch 1 × 64 tokens +0 +same/);
  assert.match(text, /probability of 80 %/);
});

Deno.test("planTable() stays readable where the pilot says next to nothing", () => {
  const plan = planRounds({ logRatios: [0.5, -0.5], rounds: 2, minutes: 0.2 });
  assert.match(planTable([{ config: "p5_l32", plan }]).toString(), /\[6, > 1 million\]|\[\d+, > 1 million\]/);
});
