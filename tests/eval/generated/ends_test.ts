import assert from "node:assert/strict";
import { join } from "node:path";
import { evaluateGenerated } from "../../../lib/eval/generated/evaluate.ts";
import { checkGenerate } from "../../../lib/eval/generated/options.ts";
import { humaneval } from "../../../lib/eval/tasks/humaneval.ts";
import { startHost } from "../../../lib/model/host.ts";
import { fakeSandbox, noBar } from "./fakes.ts";

Deno.test("a program of HumanEval ends at any token that ends a text, not only at EOS", async () => {
  // Greedily, "Y" is followed by Z, 0, 1, 2, ... (the case eos-list); 5 is an end that generation_config.json names.
  const folder = join(import.meta.dirname!, "..", "..", "cases", "folders", "eos-list");
  const options = checkGenerate(humaneval, { samples: 1, temperature: 0, maxNewTokens: 20, k: [1] });
  const host = await startHost({ ref: folder, threads: 1 }), sandbox = fakeSandbox();
  try {
    const rows = [{ row: { prompt: "Y", test: "x", entry_point: "Y" }, index: 0 }];
    const { items } = await evaluateGenerated({ task: humaneval, rows, options, hosts: [host], sandbox, bar: noBar });
    assert.deepEqual(
      items[0].samples!.map(({ completion, finishReason }) => [completion, finishReason]),
      [["Z01234", "stop"]],
    );
  } finally {
    await host.close();
  }
});
