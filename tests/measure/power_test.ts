import assert from "node:assert/strict";
import { planRounds } from "../../lib/measure/power.ts";
import { SIMULATED_NOISES, simulationTable } from "../../lib/measure/simulation.ts";

/** Six blocks of four rounds whose standard deviation is `sd`. */
const pilot = (sd: number) => ({
  logRatios: [1, -1, 1, -1, 1, -1].map((sign) => sign * sd * Math.sqrt(5 / 6)),
  rounds: 24,
  minutes: 3,
});

Deno.test("planRounds() gives the units of a one-sample t test, as SciPy's noncentral t", () => {
  const blocks = (distance: number, power: number, comparisons = 1) => {
    const [plan] = planRounds(pilot(1), { effects: [Math.expm1(distance)], band: 0, power, comparisons });
    return plan.blocks.point;
  };
  // scipy 1.17.1: least n >= 6 with nct.sf(t.ppf(1 - 0.025 / m, n - 1), n - 1, d * sqrt(n)) >= power
  assert.deepEqual(
    [blocks(0.5, 0.8), blocks(1, 0.8), blocks(0.2, 0.9), blocks(0.5, 0.8, 10), blocks(1.2, 0.95)],
    [34, 10, 265, 58, 12],
  );
});

Deno.test("planRounds() of a pilot that says little asks for very many blocks, by the normal distribution", () => {
  const [plan] = planRounds(pilot(1e5), { effects: [Math.expm1(0.5)], band: 0, power: 0.8 });
  const expected = ((1.959964 + 0.841621) * 1e5 / 0.5) ** 2; // z of 0.975 and of 0.8
  assert.ok(Math.abs(plan.blocks.point / expected - 1) < 1e-3, `${plan.blocks.point} of ${expected}`);
  const [first] = planRounds({ logRatios: [-2, 2], rounds: 8, minutes: 1 }); // two blocks leave the spread open by 10^6
  assert.ok(Number.isFinite(first.blocks.high) && first.blocks.high! > 1e12, `${first.blocks.high}`);
});

Deno.test("planRounds() plans for sameness as two one-sided tests, integrated with SciPy", () => {
  const blocks = (edge: number) =>
    planRounds(pilot(1), { effects: [0], band: Math.expm1(edge) }).map((p) => [p.resolved, p.blocks.point]);
  assert.deepEqual([blocks(1), blocks(0.5), blocks(0.3)], [[["same", 11]], [["same", 36]], [["same", 97]]]);
});

Deno.test("planRounds() says what resolving means, takes the pilot's pace, and tells how sure it is", () => {
  const plans = planRounds(pilot(0.02));
  assert.deepEqual(plans.map((p) => [p.effect, p.resolved]), [
    [0.05, "verdict"],
    [0.02, "verdict"],
    [0.01, "difference"], // the edge of the band: no verdict, however long one measures
    [0, "same"],
  ]);
  for (const { blocks, rounds, minutes } of plans) {
    assert.deepEqual([rounds.point, minutes.point], [4 * blocks.point, blocks.point / 2]);
    assert.ok(blocks.low! <= blocks.point && blocks.point <= blocks.high!);
  }
  const { blocks } = plans[1]; // a spread known to [0.62, 2.45] times (scipy chi2, 5 degrees of freedom) counts squared
  assert.ok(blocks.high! / blocks.point > 5 && blocks.high! / blocks.point < 6.2, JSON.stringify(blocks));
  assert.deepEqual(planRounds(pilot(0)).map((p) => p.blocks.point), [6, 6, 6, 6]);
});

Deno.test("planRounds() refuses what it can't plan from", () => {
  assert.throws(() => planRounds({ logRatios: [0.1], rounds: 4, minutes: 1 }), /needs at least 2 values, got 1/);
  assert.throws(() => planRounds({ ...pilot(0.01), rounds: 3 }), /at least as many rounds, got 3/);
  assert.throws(() => planRounds(pilot(0.01), { power: 1 }), /power must be .* got 1/);
  assert.throws(() => planRounds(pilot(0.01), { effects: [-2] }), /got -2/);
});

Deno.test("planned rounds resolve a difference as often as promised in simulated sessions", async () => {
  const processes = [0.01], noises = [SIMULATED_NOISES[0]], trials = 4000;
  const sd = Math.sqrt(2 * 0.02 ** 2 / 4 + 2 * 0.01 ** 2); // of a block: four pairs of runs, and two processes
  for (const { effect, resolved, rounds } of planRounds(pilot(sd), { effects: [0.03, 0.02, 0.01, 0] })) {
    const [row] = await simulationTable({
      ...{ trials, processes, noises, effects: [effect], schemes: ["rounds"], signFlips: 0 },
      rounds: { max: rounds.point, width: 0 },
    });
    const share = { verdict: row.claimed, difference: row.excludesNone, same: row.same }[resolved].point;
    // at least 0.8; one block less has less, so a few blocks overshoot a little (3.2 standard errors: 0.02)
    assert.ok(
      share > 0.78 && share < (rounds.point > 60 ? 0.83 : 0.87),
      `${effect}: ${share} of ${rounds.point} rounds`,
    );
  }
});
