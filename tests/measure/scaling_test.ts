import assert from "node:assert/strict";
import { measureScaling, scalingOf } from "../../lib/measure/scaling.ts";
import type { StartHost } from "../../lib/model/protocol.ts";
import { fakeHosts, tinySpec } from "./fake_host.ts";

/** Hosts whose times are known functions of the prompt: "flat" starts high and grows slowly. */
function growing(): { start: StartHost; closed: () => boolean } {
  const fake = fakeHosts();
  const start: StartHost = async (ref, options) => {
    const host = await fake.start(ref, options), flat = JSON.stringify(ref).includes('"flat"');
    return {
      ...host,
      async generateRuns(request) {
        const samples = await host.generateRuns(request);
        const S = "tokens" in request.prompt ? request.prompt.tokens : request.prompt.ids.length;
        const ttft = flat ? 20 + 0.1 * S : 5 + 0.1 * S + 1e-3 * S ** 2;
        return samples.map((sample) => {
          const steps = request.newTokens - 1, tpot = flat ? 3 : 2 + 0.005 * (S + request.newTokens / 2);
          const firstTokenMs = sample.startMs + ttft;
          return { ...sample, firstTokenMs, endMs: firstTokenMs + steps * tpot };
        });
      },
    };
  };
  return { start, closed: () => fake.open.size === 0 };
}

const near = (got: number, want: number) => assert.ok(Math.abs(got / want - 1) < 1e-6, `${got} is not ${want}`);
const lengths = [32, 64, 128, 256];

Deno.test("measureScaling() finds the terms of TTFT and TPOT, and the lengths where the models cross", async () => {
  const fake = growing();
  const result = await measureScaling({ softmax: tinySpec("softmax"), flat: tinySpec("flat") }, {
    lengths,
    blocks: 3,
    start: fake.start,
  });
  assert.ok(fake.closed());
  const { softmax, flat } = result.models;
  softmax.ttftMs.coefficients.forEach((c, i) => near(c.point, [5, 0.1, 1e-3][i]));
  softmax.tpotMs.coefficients.forEach((c, i) => near(c.point, [2, 0.005][i]));
  near(flat.ttftMs.coefficients[0].point, 20);
  assert.deepEqual(softmax.tpotMs.points.map((p) => p.length), lengths.map((S) => S + 8.5));
  const of = (second: string, time: string) =>
    result.crossovers.find((c) => c.second === second && c.time === time)!.crossover;
  near(of("flat", "ttftMs").crossings[0].length, Math.sqrt(15e3)); // 5 + 1e-3 S^2 = 20
  near(of("flat", "tpotMs").crossings[0].length, 200);
  assert.equal(of("flat", "tpotMs").crossings[0].fasterBeyond, "second");
  assert.equal(of(result.twin, "tpotMs").crossings.length, 0);
});

Deno.test("blocks without all lengths and models that failed are left out", async () => {
  const { rounds } = await measureScaling({ softmax: tinySpec("softmax"), flat: tinySpec("flat") }, {
    lengths,
    blocks: 4,
    start: growing().start,
  });
  const stopped = { ...rounds, rounds: rounds.rounds.filter((r) => r.block < 3 || r.config !== "p256_l17") };
  assert.deepEqual(scalingOf(stopped).models.flat.tpotMs.blocks, [0, 1, 2]);
  const failed = { ...rounds, failures: [{ model: "flat", config: "p32_l17", block: 1, reason: "killed" }] };
  assert.deepEqual(Object.keys(scalingOf(failed).models), ["softmax", "softmax (A/A twin)"]);
});

Deno.test("lengths and blocks that can't be fitted are named before anything is started", async () => {
  const models = { a: tinySpec("a") }, fake = fakeHosts(), { start } = fake;
  await assert.rejects(
    () => measureScaling(models, { lengths: [8, 16, 16], start }),
    /at least 3 different lengths, got 8, 16, 16/,
  );
  await assert.rejects(() => measureScaling(models, { blocks: 1, start }), /blocks must be an integer >= 2, got 1/);
  await assert.rejects(
    () => measureScaling(models, { lengths: [8, 16, 600], start }),
    /600 prompt tokens.*context of a, 512/,
  );
  assert.deepEqual(fake.log, []);
});
