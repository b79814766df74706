import assert from "node:assert/strict";
import { kvBytesPerToken, kvCacheBytes, parameterCount, weightBytes } from "../../lib/cost/bytes.ts";
import { mbu, mfu, rooflineMs } from "../../lib/cost/utilisation.ts";
import golden from "../golden/flops_smollm2.json" with { type: "json" };
import { smollm2, windowed } from "./smollm2_spec.ts";

Deno.test("parameterCount() of SmolLM2-135M is the published one, a tied head counted once", () => {
  assert.equal(parameterCount(smollm2), golden.parameters);
  assert.equal(parameterCount({ ...smollm2, tiedHead: false }), golden.parameters + 49152 * 576);
});

Deno.test("weightBytes() gives 538 MB at fp32 and 84 MB at int4 for SmolLM2-135M", () => {
  assert.equal(weightBytes(smollm2, "fp32"), 4 * golden.parameters);
  assert.equal(Math.round(weightBytes(smollm2, "int4") / 1e6), 84);
  assert.throws(() => weightBytes(smollm2, "stored"), /"stored"/);
});

Deno.test("the KV cache takes 46,080 bytes a token at fp32, and no more than its window", () => {
  assert.equal(kvBytesPerToken(smollm2), 46_080);
  assert.equal(kvBytesPerToken(smollm2, 2), 23_040);
  assert.equal(kvBytesPerToken({ ...smollm2, kvCache: "int8" }), 11_520);
  assert.equal(kvCacheBytes(smollm2, 1000, { batch: 2 }), 2 * 1000 * 46_080);
  assert.equal(kvCacheBytes(windowed(128), 1000), 128 * 46_080);
  assert.equal(kvCacheBytes(windowed(128), 100), 100 * 46_080);
  assert.throws(() => kvCacheBytes(smollm2, -1), /tokens.*-1/);
});

Deno.test("MFU, MBU and roofline, by hand", () => {
  assert.equal(mfu({ flops: 50e9, seconds: 1, peakFlopsPerS: 100e9 }), 0.5);
  assert.equal(mbu({ weightBytes: 500e6, kvBytes: 100e6, tpotMs: 20, peakBytesPerS: 60e9 }), 0.5);
  assert.equal(rooflineMs({ flops: 1e9, bytes: 1e9, peakFlopsPerS: 1e12, peakBytesPerS: 1e10 }), 100);
  assert.throws(() => mfu({ flops: 1, seconds: 0, peakFlopsPerS: 1 }), /seconds.*0/);
});
