import assert from "node:assert/strict";
import { zoo } from "../../lib/arch/zoo/zoo.ts";
import { recommend } from "../../lib/cost/recommend.ts";
import { smollm2 } from "./smollm2_spec.ts";

const models = [smollm2, zoo("llama-2-7b"), zoo("llama-3.2-1b")];

Deno.test("recommend() puts the largest model that meets all limits first, and says why the others fail", async () => {
  const { found, failed } = await recommend({
    models,
    memoryGb: 8,
    tokensPerS: 60,
    contextLength: 4096,
    hardware: ["RTX 4090", "L4"],
  });
  const rows = (list: typeof found) => list.map((r) => [r.model, r.precision, r.machine, r.verdict].join(" "));
  assert.equal(rows(found)[0], "llama-2-7b int4 NVIDIA GeForce RTX 4090 meets");
  assert.match(found[0].reason, /^7\.\d+ of 8\.00 GB; \d+ to \d+ tok\/s, bound by memory$/);
  assert.ok(rows(found).includes("llama-3.2-1b fp16 NVIDIA GeForce RTX 4090 meets"));
  const why = (row: string) => failed.find((r) => rows([r])[0] === row)?.reason;
  assert.match(
    why("llama-2-7b fp16 NVIDIA L4 fails")!,
    /^needs 16\.\d GB, 8\.\d\d GB more than there is; at most 1\d tok\/s, 60 are asked$/,
  );
  assert.equal(found.length + failed.length, 3 * 2 * 3);
});

Deno.test("a context beyond the model's own is the reason, and `may meet` lies between low and high speed", async () => {
  const short = await recommend({
    models: [zoo("llama-2-7b")],
    contextLength: 8192,
    hardware: ["H100 SXM"],
    precisions: ["int4"],
  });
  assert.deepEqual(short.found, []);
  assert.equal(short.failed[0].reason, "its context is 4096 tokens, 8192 are asked");
  const { found: [one] } = await recommend({
    models: [smollm2],
    contextLength: 512,
    hardware: ["L4"],
    precisions: ["fp16"],
  });
  const { low, high } = one.answer!.decodeTokensPerS;
  const between = await recommend({
    models: [smollm2],
    contextLength: 512,
    hardware: ["L4"],
    precisions: ["fp16"],
    tokensPerS: (low + high) / 2,
  });
  assert.deepEqual([one.verdict, between.found[0].verdict], ["meets", "may meet"]);
});

Deno.test("without models the whole zoo is asked, by name too", async () => {
  const { found } = await recommend({
    contextLength: 1024,
    memoryGb: 12,
    hardware: ["RTX 4090"],
    precisions: ["int4"],
  });
  assert.ok(new Set(found.map((r) => r.model)).size > 20);
  const named = await recommend({ models: ["gpt2"], contextLength: 64, hardware: ["T4"], precisions: ["fp16"] });
  assert.equal(named.found[0].model, "gpt2");
});

Deno.test("limits that are none are named", async () => {
  await assert.rejects(() => recommend({ models, contextLength: 0 }), /contextLength.*0/);
  await assert.rejects(() => recommend({ models, contextLength: 64, tokensPerS: -1 }), /tokensPerS.*-1/);
  await assert.rejects(() => recommend({ models: [], contextLength: 64 }), /models must have at least 1 entry, got 0/);
  await assert.rejects(
    () => recommend({ models, contextLength: 64, hardware: ["abacus"] }),
    /Unknown hardware "abacus"/,
  );
});
