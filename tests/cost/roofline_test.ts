import assert from "node:assert/strict";
import type { Machine } from "../../lib/cost/hardware.ts";
import { roofline, rooflineResiduals } from "../../lib/cost/roofline.ts";
import { storedWeightBytes, tableBytes, weightBytesRead } from "../../lib/cost/traffic.ts";
import type { ArchSpec } from "../../lib/arch/spec.ts";
import golden from "../golden/flops_smollm2.json" with { type: "json" };
import { smollm2, windowed } from "./smollm2_spec.ts";

/** 200 GFLOP/s, 30 GB/s: a ridge of 6.67 FLOPs a byte. */
const machine: Machine = {
  name: "test",
  kind: "cpu",
  flopsPerS: { fp32: 200e9, int4: 400e9 },
  bytesPerS: 30e9,
  weightBytesPerS: { int4: 20e9 },
  memoryBytes: 16e9,
  tdpWatts: null,
  measured: true,
  source: "made up",
};
const near = (got: number, want: number) => assert.ok(Math.abs(got / want - 1) < 1e-12, `${got} is not ${want}`);

Deno.test("roofline() of SmolLM2-135M by hand: prefill is bound by arithmetic, decode by memory", () => {
  const { prefill, decode, ridge } = roofline(smollm2, machine, { promptTokens: 512 });
  near(ridge!, 200 / 30);
  // weights 4 * 134,515,008; keys and values 46,080 bytes a token
  assert.equal(prefill.flops, golden.closed_form.prefill_512_causal_last_logit);
  assert.equal(prefill.weightBytes, 538_060_032);
  assert.equal(prefill.cacheBytes, 512 * 46_080);
  near(prefill.computeMs!, 117_850_374_144 / 200e6);
  near(prefill.weightMs + prefill.cacheMs, (538_060_032 + 23_592_960) / 30e6);
  assert.deepEqual([prefill.bound, decode.bound], ["compute", "memory"]);
  near(prefill.ms, prefill.computeMs!);
  assert.equal(decode.flops, golden.closed_form.decode_at_past_512);
  assert.equal(decode.cacheBytes, 513 * 46_080);
  near(decode.ms, (538_060_032 + 513 * 46_080) / 30e6);
  near(decode.intensity, decode.flops / (538_060_032 + 513 * 46_080));
});

Deno.test("a batch reads the weights once, a window bounds the cache, int4 has its own rates", () => {
  const at = (options = {}, spec = smollm2) => roofline(spec, machine, { promptTokens: 512, ...options }).decode;
  assert.equal(at({ batch: 8 }).weightBytes, at().weightBytes);
  assert.equal(at({ batch: 8 }).cacheBytes, 8 * at().cacheBytes);
  assert.equal(at({ batch: 8 }).flops, 8 * at().flops);
  assert.equal(at({}, windowed(128)).cacheBytes, 128 * 46_080);
  assert.equal(at({ cacheBytesPerElement: 2 }).cacheBytes, 513 * 23_040);
  const int4 = at({ precision: "int4" });
  near(int4.weightMs, 1000 * int4.weightBytes / 20e9);
  near(int4.cacheMs, 1000 * int4.cacheBytes / 30e9);
  near(int4.computeMs!, int4.flops / 400e6);
  const fp16 = roofline(smollm2, { ...machine, flopsPerS: {} }, { promptTokens: 8, precision: "fp16" });
  assert.deepEqual([fp16.peakFlopsPerS, fp16.ridge, fp16.prefill.computeMs, fp16.prefill.bound], [
    null,
    null,
    null,
    "memory",
  ]);
  assert.throws(() => roofline(smollm2, machine, { promptTokens: 0 }), /promptTokens.*0/);
});

Deno.test("of a mixture's experts a batch reads those that it is sent to, and all are stored", () => {
  const mixture = (experts: number, topK: number): ArchSpec => ({
    ...smollm2,
    layers: smollm2.layers.map((layer) => ({
      ...layer,
      channel: { kind: "moe", experts, topK, intermediateSize: 1536, normalise: true },
    })),
  });
  const expert = 30 * 3 * 576 * 1536 * 4, spec = mixture(8, 2);
  const read = (tokens: number) => weightBytesRead(spec, "fp32", tokens);
  near(read(2) - read(1), expert * (8 * (1 - 0.75 ** 2) - 2)); // of 8 experts 3.5 by two tokens, 2 by one
  near(storedWeightBytes(spec, "fp32") - read(1), 6 * expert);
  assert.ok(Math.abs(read(10_000) / storedWeightBytes(spec, "fp32") - 1) < 1e-9);
});

Deno.test("an untied head is stored beside the embedding", () => {
  const table = 49_152 * 576;
  assert.equal(tableBytes(smollm2, "fp32"), 4 * table);
  assert.equal(tableBytes(smollm2, "int4"), 0.625 * table);
  const untied = { ...smollm2, tiedHead: false };
  assert.equal(storedWeightBytes(untied, "fp32") - storedWeightBytes(smollm2, "fp32"), 4 * table);
});

Deno.test("rooflineResiduals() sets measured times beside predicted ones, with MFU and MBU", () => {
  const measured = { name: "a", spec: smollm2, precision: "fp32" as const, promptTokens: 512, newTokens: 64 };
  const [prefill, decode] = rooflineResiduals([{ ...measured, ttftMs: 1178.50374144, tpotMs: 40 }], machine);
  near(prefill.ratio, 2);
  near(prefill.mfu!, 0.5);
  // behind 512 + 32 tokens
  near(decode.predictedMs, (538_060_032 + 545 * 46_080) / 30e6);
  near(decode.mbu, decode.predictedMs / 40);
  near(decode.ratio, 40 / decode.predictedMs);
  const [executed] = rooflineResiduals([{ ...measured, ttftMs: 1000, tpotMs: 40 }], machine, {
    convention: "executed",
  });
  assert.ok(executed.predictedMs > prefill.predictedMs);
  near(executed.mfu!, golden.closed_form.prefill_512_causal_last_logit / 200e9);
});
