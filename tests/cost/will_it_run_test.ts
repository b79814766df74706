import assert from "node:assert/strict";
import { tinySpec } from "../model/tiny_spec.ts";
import { AGAINST_MEASURED, AGAINST_NOMINAL_CPU, AGAINST_NOMINAL_GPU } from "../../lib/cost/efficiency.ts";
import { hardware, type Machine } from "../../lib/cost/hardware.ts";
import { specWillItRun, willItRun } from "../../lib/cost/will_it_run.ts";
import { smollm2 } from "./smollm2_spec.ts";

/** 200 GFLOP/s, 20 GB/s, 1 GB, 50 W. */
const machine: Machine = {
  name: "test",
  kind: "cpu",
  flopsPerS: { fp32: 200e9 },
  bytesPerS: 20e9,
  memoryBytes: 1e9,
  tdpWatts: 50,
  measured: true,
  source: "made up",
};
const efficiency = {
  cache: { low: 0.25, high: 0.5 },
  compute: { low: 0.5, high: 1 },
  memory: { low: 0.25, high: 0.5 },
  layerMs: { low: 0, high: 0 },
  source: "made up",
};
const near = (got: number, want: number) => assert.ok(Math.abs(got / want - 1) < 1e-12, `${got} is not ${want}`);

Deno.test("speed, energy and price follow from the roofline and the efficiency range, by hand", () => {
  const price = { usdPerHour: 0.36, api: { inputUsdPerMillion: 0.5, outputUsdPerMillion: 2 } };
  const options = { hardware: machine, promptTokens: 512, newTokens: 128, efficiency, price };
  const answer = specWillItRun(smollm2, options), { roofline: roof } = answer;
  const stepMs = (538_060_032 + (512 + 64 + 1) * 46_080) / 20e6; // bound by memory, at the mean context
  near(roof.decode.ms, stepMs);
  near(answer.decodeTokensPerS.low, 0.25 * 1000 / stepMs);
  near(answer.decodeTokensPerS.high, 0.5 * 1000 / stepMs);
  near(answer.ttftMs!.low, roof.prefill.computeMs!);
  near(answer.ttftMs!.high, 2 * roof.prefill.computeMs!);
  near(answer.requestS!.high, (answer.ttftMs!.high + 127 * 4 * stepMs) / 1000);
  near(answer.throughputTokensPerS!.low, 128 / answer.requestS!.high);
  near(answer.joulesPerToken!.high, 50 * answer.requestS!.high / 128);
  // 0.36 USD an hour is 1e-4 a second
  near(answer.price!.ownUsdPerMillion.high, 1e-4 * 1e6 * answer.requestS!.high / 128);
  near(answer.price!.apiUsdPerMillion!, 2 + 0.5 * 512 / 128);
  near(answer.price!.breakEvenShare!.high, answer.price!.ownUsdPerMillion.high / 4);
});

Deno.test("the times that data/peers.md has of SmolLM2-135M lie within what is said from the peaks of the same runs", () => {
  const measured: Machine = {
    ...machine,
    flopsPerS: { fp32: 144e9, int4: 144e9 }, // one large MatMul
    bytesPerS: 26.3e9, // limit_fp32
    weightBytesPerS: { int4: 14.4e9 }, // limit_int4, huge pages
  };
  const stepMs = { // by context
    fp32: { 128: 20.25, 512: 20.48, 1024: 21.90, 2048: 24.09, 4096: 31.33 },
    int4: { 128: 6.88, 512: 8.50, 1024: 9.89, 2048: 12.40, 4096: 17.75 },
  };
  for (const precision of ["fp32", "int4"] as const) {
    for (const [context, ms] of Object.entries(stepMs[precision])) {
      const options = { hardware: measured, precision, promptTokens: Number(context), newTokens: 1 };
      const { low, high } = specWillItRun(smollm2, options).decodeTokensPerS, got = 1000 / ms;
      assert.ok(low < got && got < high, `${precision} at ${context}: ${got} tok/s, said ${low} to ${high}`);
      assert.ok(high / low < 2.2, "a range that says something");
    }
  }
  const batch = specWillItRun(smollm2, { hardware: measured, batch: 8, promptTokens: 128, newTokens: 1 });
  const passMs = 1000 * 8 * 128 / 804;
  assert.ok(batch.ttftMs!.low < passMs && passMs < batch.ttftMs!.high, JSON.stringify(batch.ttftMs));
});

Deno.test("a small model on a fast GPU is bound by its kernels' launches", () => {
  const small = specWillItRun(smollm2, { hardware: "H100 SXM", precision: "fp16" });
  assert.equal(small.decodeBound, "launches");
  // 30 layers of 15 to 60 µs, and 269 MB of weights and 13 MB of cache at 3.35 TB/s times 0.85 to 0.5
  const memoryMs = small.roofline.decode.ms;
  near(small.decodeTokensPerS.high, 1000 / (0.45 + memoryMs / 0.85));
  near(small.decodeTokensPerS.low, 1000 / (1.8 + memoryMs / 0.5));
  assert.equal(specWillItRun(smollm2, { hardware: "Raspberry Pi 5" }).decodeBound, "memory");
});

Deno.test("a model that does not fit says by how much, and memoryGb limits what there is", () => {
  const answer = specWillItRun(smollm2, { hardware: machine });
  assert.equal(answer.fits, false); // loading fp32 takes 1.136 GB
  assert.equal(answer.marginBytes, 1e9 - answer.memory.totalBytes);
  assert.equal(specWillItRun(smollm2, { hardware: machine, precision: "int4" }).fits, true);
  assert.equal(specWillItRun(smollm2, { hardware: machine, precision: "int4", memoryGb: 0.2 }).fits, false);
  assert.throws(
    () => specWillItRun(smollm2, { hardware: machine, memoryGb: 0 }),
    /memoryGb must be a number above 0 .*, got 0/,
  );
});

Deno.test("figures of a vendor and of a probe have efficiency ranges of their own, and say where from", () => {
  assert.equal(specWillItRun(smollm2, { hardware: machine }).efficiency, AGAINST_MEASURED);
  assert.equal(specWillItRun(smollm2, { hardware: "Raspberry Pi 5" }).efficiency, AGAINST_NOMINAL_CPU);
  const short = specWillItRun(smollm2, { hardware: machine, promptTokens: 128, newTokens: 64 }).efficiency;
  assert.ok(short.cache.high < AGAINST_MEASURED.cache.low && /copies the cache/.test(short.source), "below 512 tokens");
  const nominal = specWillItRun(smollm2, { hardware: "L4", precision: "fp16" });
  assert.equal(nominal.efficiency, AGAINST_NOMINAL_GPU);
  assert.ok(nominal.efficiency.memory.high < 1 && /Databricks/.test(nominal.efficiency.source));
  assert.equal(nominal.roofline.decode.cacheBytes, (512 + 64 + 1) * 23_040, "off the CPU the cache is kept in 16 bits");
});

Deno.test("what the machine does not tell is null, not a guess", () => {
  const answer = specWillItRun(smollm2, { hardware: "Apple M4", price: { usdPerHour: 1 } });
  assert.deepEqual(
    [answer.ttftMs, answer.requestS, answer.throughputTokensPerS, answer.joulesPerToken, answer.price],
    [null, null, null, null, null],
  );
  assert.ok(answer.decodeTokensPerS.low > 0);
});

Deno.test("willItRun() takes references with edits, and precisions that do not run here", async () => {
  const three = await willItRun({ ref: smollm2, edits: [{ keepLayers: [0, 1, 2] }], precision: "bf16" }, {
    hardware: "H100 SXM",
    contextLength: 1024,
  });
  assert.deepEqual([three.precision, three.contextLength, three.promptTokens, three.newTokens], [
    "bf16",
    1024,
    512,
    128,
  ]);
  assert.equal(three.memory.parts[0].bytes < 0.5 * 2 * 134_515_008, true);
  assert.equal(three.machine, hardware("H100 SXM"));
  assert.equal((await willItRun("llama-2-7b", { hardware: "L4", precision: "int4" })).model, "llama-2-7b");
});

Deno.test("what was asked wrongly is named", () => {
  const ask = (options: object) => specWillItRun(smollm2, { hardware: machine, ...options });
  assert.throws(() => ask({ hardware: "TPU v9" }), /Unknown hardware "TPU v9"; there are: NVIDIA B200 SXM/);
  assert.throws(
    () => ask({ contextLength: 100, promptTokens: 90, newTokens: 20 }),
    /90 prompt tokens and 20 new ones do not fit/,
  );
  assert.throws(() => ask({ contextLength: 10_000 }), /contextLength 10000 is longer than the context/);
  assert.throws(() => ask({ newTokens: 0 }), /newTokens.*0/);
  assert.throws(() => ask({ price: {} }), /give usdPerHour.*or usdPerKwh/);
  assert.throws(() => ask({ price: { usdPerHour: -1 } }), /price\.usdPerHour must be a number above 0, got -1/);
  const unknown = { ...machine, tdpWatts: null };
  assert.throws(() => ask({ hardware: unknown, price: { usdPerKwh: 0.3 } }), /TDP is not known/);
});

Deno.test("a model of a short context is asked for requests that fit into it", async () => {
  const { promptTokens, newTokens, contextLength } = await willItRun(tinySpec({ contextLength: 128 }), {
    hardware: "Raspberry Pi 5",
  });
  assert.deepEqual([promptTokens, newTokens, contextLength], [96, 32, 128]);
});
