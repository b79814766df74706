import assert from "node:assert/strict";
import { GPU_SERVER, type MemoryPlan, memoryPlan, ONNXRUNTIME_CPU } from "../../lib/cost/memory_plan.ts";
import { smollm2, windowed } from "./smollm2_spec.ts";

const part = ({ parts }: MemoryPlan, name: string) => parts.find((p) => p.part === name)!.bytes;

Deno.test("memoryPlan() of SmolLM2-135M, part by part, by hand", () => {
  const plan = memoryPlan(smollm2, { precision: "fp32", contextLength: 520, promptTokens: 512 });
  assert.equal(part(plan, "weights"), 538_060_032 + 2 * 2 ** 19); // of cos and sin of 32 pairs, 520 rows: a piece each
  assert.equal(part(plan, "packed head"), 49_152 * 576 * 4);
  assert.equal(part(plan, "cache"), 3 * 520 * 46_080, "decoding takes more than prefill");
  const short = memoryPlan(smollm2, { precision: "fp32", contextLength: 500, promptTokens: 490 });
  assert.equal(part(short, "cache"), 4 * 500 * 46_080, "below 512 tokens a step copies its cache");
  assert.equal(part(plan, "activations"), 4 * (576 + 49_152), "one row of logits");
  assert.equal(part(plan, "runtime"), ONNXRUNTIME_CPU.ownBytes);
  assert.equal(plan.runBytes, plan.parts.reduce((sum, p) => sum + p.bytes, 0));
  assert.equal(plan.loadBytes, 2 * 538_060_032 + ONNXRUNTIME_CPU.ownBytes);
  assert.equal(plan.totalBytes, plan.loadBytes, "loading takes more than running");
});

Deno.test("the peak of a long prompt is while it is read: scores of all pairs, and two caches", () => {
  const plan = memoryPlan(smollm2, { precision: "int4", contextLength: 4096, promptTokens: 4090 });
  assert.equal(part(plan, "cache"), 2 * 4090 * 46_080);
  // residual, q k v and result of 576 + 960 + 576 numbers a token; 9 heads' scores
  assert.equal(part(plan, "activations"), 4 * (4090 * 2112 + 9 * 4090 ** 2));
});

Deno.test("a serving engine on a GPU keeps one cache and no more than the window", () => {
  const plan = (spec = smollm2, batch = 1) =>
    memoryPlan(spec, {
      precision: "fp16",
      contextLength: 8192,
      promptTokens: 16,
      batch,
      runtime: GPU_SERVER,
      cacheBytesPerElement: 2,
    });
  assert.equal(part(plan(), "cache"), 8192 * 23_040);
  assert.equal(part(plan(smollm2, 16), "cache"), 16 * 8192 * 23_040);
  assert.equal(part(plan(windowed(128)), "cache"), 128 * 23_040);
  assert.equal(part(plan(), "packed head"), 0);
});

Deno.test("what can't be planned is named", () => {
  const plan = (options: object) => memoryPlan(smollm2, { precision: "fp32", contextLength: 64, ...options });
  assert.throws(
    () => plan({ contextLength: 9000 }),
    /contextLength 9000 is longer than the context of smollm2-135m, 8192 tokens/,
  );
  assert.throws(() => plan({ promptTokens: 65 }), /promptTokens 65 do not fit into contextLength 64/);
  assert.throws(() => plan({ batch: 0 }), /batch.*0/);
  assert.throws(() => plan({ precision: "stored" }), /"stored"/);
});
