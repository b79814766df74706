import assert from "node:assert/strict";
import { costTable } from "../../lib/view/cost_table.ts";
import { smollm2 } from "../cost/smollm2_spec.ts";

Deno.test("costTable() shows SmolLM2's known size, FLOPs and keys and values", () => {
  const text = costTable({ smollm2 }, { contexts: [512], promptTokens: 64 }).toString();
  // 134,515,008 parameters (Hugging Face's card); 2 * 30 * 3 * 64 * 4 bytes a token; a step behind 512 tokens as torch
  // counts it (golden/flops_smollm2.json): 304,418,304.
  assert.match(text, /smollm2\s+135\s+538\s+[\d.]+\s+304\s+23\.6/);
});

Deno.test("costTable() refuses a context beyond an architecture's own", () => {
  assert.throws(() => costTable({ smollm2 }, { contexts: [100_000] }), { message: /at 100000 tokens: the shortest/ });
});
