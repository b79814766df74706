/** Verdicts between identical models when the stop rule decides how long to measure. Seeded: the counts never change. */
import assert from "node:assert/strict";
import { roundsOfBlock, roundsPlan, stopReason } from "../../lib/measure/rounds_plan.ts";
import { type Random, seededRandom } from "../../lib/stats/random.ts";
import { blockLogRatios, type PairedSample, ratioOverBlocks } from "../../lib/stats/ratio.ts";
import { speedVerdict } from "../../lib/stats/verdict.ts";

interface NoiseOfMachine {
  ar: number;
  drift: number;
  process: number;
}

/** Two models in pairs until the rule ends it: 2 % noise (AR(1)), a drift over 24 rounds, and each process's own share. */
function untilStopped(random: Random, { ar, drift, process }: NoiseOfMachine, effect: number) {
  const plan = roundsPlan({ max: 120, minutes: 1e9, width: 0.005 });
  const state = { rounds: 0, blocks: 0, spentMs: 0 }, samples: PairedSample[] = [];
  let noise = random.normal(), time = 0;
  const slot = () => {
    noise = ar * noise + Math.sqrt(1 - ar ** 2) * random.normal();
    return 0.02 * noise + drift * time++ / 48;
  };
  for (;; state.blocks++) {
    const own = [effect + process * random.normal(), process * random.normal()];
    for (let left = roundsOfBlock(plan, state); left > 0; left--, state.rounds++) {
      const slots = [slot(), slot()], first = random.integer(2);
      samples.push({
        block: state.blocks,
        candidate: Math.exp(own[0] + slots[first]),
        baseline: Math.exp(own[1] + slots[1 - first]),
      });
    }
    const after = { ...state, blocks: state.blocks + 1 };
    const stoppedBy = stopReason(plan, after, [blockLogRatios(samples)], {});
    if (stoppedBy) return { samples, rounds: state.rounds, stoppedByWidth: stoppedBy === "width" };
  }
}

const KINDS: Record<string, NoiseOfMachine> = {
  "independent noise": { ar: 0, drift: 0, process: 0 },
  "processes that differ by 0.5 %": { ar: 0.9, drift: 0, process: 0.005 },
  "AR(1) 0.9": { ar: 0.9, drift: 0, process: 0 },
  "3 % drift": { ar: 0, drift: 0.03, process: 0 },
  "both, and processes that differ by 1 %": { ar: 0.9, drift: 0.03, process: 0.01 },
};

for (const [name, noise] of Object.entries(KINDS)) {
  Deno.test(`with the stop rule and ${name}: intervals cover the truth, and under 1 % of identical models are told apart`, () => {
    const random = seededRandom(1), trials = 5000;
    let missed = 0, claims = 0, rounds = 0;
    for (let i = 0; i < trials; i++) {
      const { samples, rounds: used, stoppedByWidth } = untilStopped(random, noise, 0);
      const wide = ratioOverBlocks(samples, { stoppedByWidth }),
        narrow = ratioOverBlocks(samples, { stoppedByWidth, level: 0.9 });
      if (wide.low > 1 || wide.high < 1) missed++;
      if (["faster", "slower"].includes(speedVerdict({ wide, narrow }))) claims++;
      rounds += used;
    }
    assert.ok(missed / trials > 0.04 && missed / trials < 0.06, `${missed} of ${trials} intervals miss`);
    assert.ok(claims / trials < 0.01, `${claims} of ${trials} claim a difference`);
    assert.ok(rounds / trials >= 24 && rounds / trials <= 120, `${rounds / trials} rounds`);
  });
}
