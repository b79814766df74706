import assert from "node:assert/strict";
import { measureRounds } from "../../lib/measure/rounds.ts";
import { roundsOfBlock, roundsPlan, stopReason } from "../../lib/measure/rounds_plan.ts";
import { pairedSpeeds, type RoundsResult } from "../../lib/measure/rounds_result.ts";
import { partialOf, requestStop, StopError } from "../../lib/progress.ts";
import { seededRandom } from "../../lib/stats/random.ts";
import { ratioOverBlocks } from "../../lib/stats/ratio.ts";
import { fakeHosts, tinySpec } from "./fake_host.ts";

const models = { a: tinySpec("a"), b: tinySpec("b") };
const generation = { promptTokens: 5, newTokens: 11 }, batch = { batch: 1, seqLen: 64 };

Deno.test("20 rounds are run in 6 blocks of fresh hosts, every model once a round, with a twin", async () => {
  const fake = fakeHosts({ stepMs: ({ name }) => name === "b" ? 1 : 2 });
  const result = await measureRounds(models, [generation, batch], { rounds: 20, seed: 1, start: fake.start });
  assert.equal(result.twin, "a (A/A twin)");
  assert.deepEqual(result.settings.map((s) => [s.config, s.kind, s.rounds, s.blocks, s.stoppedBy]), [
    ["p5_l11", "generation", 20, 6, "rounds"],
    ["b1_s64", "batch", 20, 6, "rounds"],
  ]);
  assert.equal(fake.log.filter((l) => l.startsWith("start")).length, 3 * 6);
  assert.equal(fake.open.size, 0);
  const sizes = [0, 1, 2, 3, 4, 5].map((b) =>
    result.rounds.filter((r) => r.config === "p5_l11" && r.block === b).length
  );
  assert.deepEqual(sizes, [4, 4, 3, 3, 3, 3]);
  for (const { order, samples } of result.rounds) {
    assert.deepEqual([...order].sort(), ["a", "a (A/A twin)", "b"]);
    assert.deepEqual(Object.keys(samples).sort(), [...order].sort());
  }
  const ratio = ratioOverBlocks(pairedSpeeds(result.rounds, "p5_l11", "decodeTokensPerS", "b", "a"));
  assert.ok(Math.abs(ratio.point - 2) < 1e-9 && ratio.n === 6);
  assert.equal(result.warmUps.length, 3 * 6 * 2);
  assert.ok(result.warmUps.every((w) => w.steps >= 20));
  JSON.parse(JSON.stringify(result));
});

Deno.test("the order is shuffled by the seed: all orders occur, and a seed repeats its own", async () => {
  const orders = async (seed: number) => {
    const r = await measureRounds(models, [batch], { rounds: 40, seed, start: fakeHosts().start });
    return r.rounds.map((x) => x.order.join());
  };
  const first = await orders(3);
  assert.equal(new Set(first).size, 6);
  assert.deepEqual(await orders(3), first);
  assert.notDeepEqual(await orders(4), first);
});

Deno.test("the first step after a switch of models is run and not counted", async () => {
  const fake = fakeHosts();
  await measureRounds({ a: models.a }, [generation], { rounds: 2, start: fake.start });
  const runs = fake.log.filter((l) => l.startsWith("a p5"));
  for (const [i, run] of runs.entries()) if (run === "a p5_l2") assert.equal(runs[i + 1], "a p5_l11");
  assert.equal(runs.filter((r) => r === "a p5_l2").length, 4); // two rounds, a and its twin
});

Deno.test("the budget's rounds end when intervals are narrow, else by rounds", async () => {
  const random = seededRandom(5);
  const noisy = (sd: number) => fakeHosts({ stepMs: () => 2 * Math.exp(sd * random.normal()) }).start;
  const quiet = await measureRounds(models, [generation], {
    rounds: { max: 60, minutes: 1, width: 0.005 },
    start: noisy(0.001),
  });
  assert.deepEqual([quiet.settings[0].stoppedBy, quiet.settings[0].rounds, quiet.settings[0].blocks], ["width", 24, 6]);
  const loud = await measureRounds(models, [generation], {
    rounds: { max: 30, minutes: 1, width: 0.005 },
    start: noisy(0.3),
  });
  assert.deepEqual([loud.settings[0].stoppedBy, loud.settings[0].rounds], ["rounds", 30]);
  const short = await measureRounds(models, [generation], { rounds: { max: 30, minutes: 1e-9 }, start: noisy(0.3) });
  assert.deepEqual([short.settings[0].stoppedBy, short.settings[0].blocks], ["minutes", 2]);
});

Deno.test("stopReason() looks at widths, allows a tenth of a large difference, and wants 20 rounds in 6 blocks", () => {
  const plan = roundsPlan({ width: 0.005, max: 100, minutes: 3 });
  const state = (rounds: number, blocks: number) => ({ rounds, blocks, spentMs: 0 });
  const around = (x: number, by: number) => [x - by, x + by, x - by, x + by, x - by, x + by]; // half-width 1.15 by
  assert.equal(stopReason(plan, state(24, 6), [around(0, 0.004)], {}), "width");
  assert.equal(stopReason(plan, state(24, 6), [around(0, 0.005)], {}), null);
  assert.equal(stopReason(plan, state(24, 6), [around(0.7, 0.05)], {}), "width");
  assert.equal(stopReason(plan, state(24, 6), [around(0, 0.004)], { comparisons: 9 }), null);
  assert.equal(stopReason(plan, state(18, 6), [around(0, 0)], {}), null);
  assert.equal(stopReason(plan, state(24, 5), [around(0, 0)], {}), null);
  assert.equal(stopReason(plan, { ...state(24, 6), spentMs: 181_000 }, [around(0, 1)], {}), "minutes");
});

Deno.test("a slow setting gets fewer rounds a block, so that six blocks fit into its minutes", () => {
  const plan = roundsPlan({ minutes: 3 }), state = { rounds: 0, blocks: 0, spentMs: 0 };
  assert.equal(roundsOfBlock(plan, state), 4);
  assert.equal(roundsOfBlock(plan, state, 10_000, 5000), 2); // 30 s a block
  assert.equal(roundsOfBlock(plan, state, 60_000, 5000), 1);
});

Deno.test("a model that fails is left out and named; the others go on", async () => {
  const fake = fakeHosts({
    before: ({ name, host, run }) => {
      if (name === "b" && host > 5 && run > 8) throw new Error("out of memory");
    },
  });
  const models = { a: tinySpec("a"), b: tinySpec("b"), c: tinySpec("c") };
  const r = await measureRounds(models, [generation], { rounds: 20, start: fake.start });
  assert.deepEqual(r.failures.map((f) => [f.model, f.reason]), [["b", "out of memory"]]);
  assert.equal(r.settings[0].rounds, 20);
  assert.ok(r.rounds.at(-1)!.samples.c && !r.rounds.at(-1)!.samples.b);
  assert.equal(fake.open.size, 0);
});

Deno.test("tokens that differ between processes count as a failure: fast but wrong", async () => {
  const fake = fakeHosts({ ids: ({ name, host }, n) => Array(n).fill(name === "b" ? host : 1) });
  const r = await measureRounds(models, [generation], { rounds: 6, start: fake.start });
  assert.match(r.failures[0].reason, /b gave token/);
  assert.equal(r.settings[0].stoppedBy, "failures");
});

Deno.test("a baseline that fails, and Stop, are errors that keep the rounds so far; all hosts are closed", async () => {
  const dies = fakeHosts({
    before: ({ name, host }) => {
      if (name === "a" && host >= 6) throw new Error("killed");
    },
  });
  const error = await measureRounds(models, [generation], { rounds: 20, start: dies.start }).catch((e) => e);
  assert.match(error.message, /baseline "a" failed in block 3 of p5_l11.*killed/);
  assert.equal(partialOf<RoundsResult>(error)!.rounds.length, 8);
  assert.equal(dies.open.size, 0);

  let runs = 0;
  const stops = fakeHosts({
    before: () => {
      if (++runs === 100) requestStop();
    },
  });
  const stop = await measureRounds(models, [generation], { rounds: 20, start: stops.start }).catch((e) => e);
  assert.ok(stop instanceof StopError);
  const partial = partialOf<RoundsResult>(stop)!;
  assert.ok(partial.rounds.length > 0 && partial.settings[0].stoppedBy === "stop");
  assert.equal(stops.open.size, 0);
});

Deno.test("models, settings and rounds that can't be measured are named before any host is started", async () => {
  const fake = fakeHosts(), start = fake.start;
  await assert.rejects(
    () => measureRounds(models, [generation], { rounds: 1, start }),
    /rounds must be an integer >= 2.*got 1/,
  );
  await assert.rejects(
    () => measureRounds(models, [generation], { baseline: "z", start }),
    /baseline "z".*there are: a, b/,
  );
  await assert.rejects(() => measureRounds({}, [generation], { start }), /at least one model/);
  await assert.rejects(() => measureRounds(models, [], { start }), /at least one setting/);
  await assert.rejects(() => measureRounds(models, [generation, generation], { start }), /p5_l11 is given twice/);
  await assert.rejects(
    () => measureRounds(models, [{ batch: 1, seqLen: 1000 }], { start }),
    /1000 tokens are longer.*512/,
  );
  await assert.rejects(
    () => measureRounds(models, [generation], { rounds: { minutes: 0 }, start }),
    /rounds\.minutes must be a number above 0, got 0/,
  );
  assert.deepEqual(fake.log, []);
});
