/** Every layout with what can be added to it: the ids and log-likelihoods of the hand calculation, or why it cannot be. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openModel } from "../../../lib/model/open_model.ts";
import { inFolder } from "./in_folder.ts";
import { CONTEXT, tinyGreedy, type TinyLayout, tinyLogLikelihood, VOCAB, writeTiny } from "./tiny_decoder.ts";

const CONFIG = JSON.stringify({ model_type: "tiny", max_position_embeddings: CONTEXT, vocab_size: VOCAB });
const PROMPTS = [[3, 9, 1, 14, 7], [5, 2], [8, 8, 4, 11, 6, 0, 13], [12, 1]];

const LAYOUTS: Record<string, TinyLayout> = {
  "optimum, with position ids": {},
  "neither mask nor position ids": { positions: false, mask: false },
  "32 bits and half precision": { ints: "int32", floats: "float16" },
  "no cache": { caches: "none" },
  "logits of as many tokens as are asked for": { logits: "keep" },
  "a state that does not grow": { conv: true },
  "weights in several files": { data: ["model.onnx_data", "model.onnx_data_1", "weights.bin"] },
};

for (const [name, layout] of Object.entries(LAYOUTS)) {
  Deno.test(`heads and loop on a graph with ${name}`, () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, "config.json"), CONFIG);
      await writeTiny(join(folder, "model.onnx"), layout);
      const model = await openModel({ ref: folder, tokenizer: "bytes", optimise: "loop" }, { threads: 1 });
      try {
        const options = { maxNewTokens: 12, ignoreEos: true }, tolerance = layout.floats === "float16" ? 0.5 : 1e-4;
        const want = PROMPTS.map((prompt) => tinyGreedy(prompt, 12, layout));
        for (const [i, prompt] of PROMPTS.entries()) {
          assert.deepEqual((await model.generate(prompt, options))[0].ids, want[i]);
        }
        const results = await model.generateBatch(PROMPTS.map((prompt) => ({ prompt })), options);
        assert.deepEqual(results.map((r) => "refused" in r ? r : r[0].ids), want);
        const requests = PROMPTS.map((ids) => ({ contextIds: ids.slice(0, 1), continuationIds: ids.slice(1) }));
        for (const { contextIds, continuationIds } of requests) {
          const [{ logLikelihood }] = await model.score([{ contextIds, continuationIds }]);
          assert.ok(Math.abs(logLikelihood - tinyLogLikelihood(contextIds, continuationIds, layout)) < tolerance);
        }
      } finally {
        await model.close();
      }
    }));
}

const REFUSED: [TinyLayout, RegExp][] = [
  [{ logits: "last" }, /its output "logits" has the logits of the last token alone; leave optimise out/],
  [{ rows: 1 }, /it takes one row a run/],
  [{ caches: "merged" }, /no head was found behind its output "logits": it comes of If/],
  [{ tokens: 1 }, /it takes one token a run/],
];

Deno.test("graphs that leave no place for heads and a loop are refused, and run as they are", () =>
  inFolder(async (folder) => {
    await writeFile(join(folder, "config.json"), CONFIG);
    for (const [layout, why] of REFUSED) {
      await writeTiny(join(folder, "model.onnx"), layout);
      const ref = { ref: folder, tokenizer: "bytes" };
      for (const optimise of ["heads", "loop"] as const) {
        await assert.rejects(openModel({ ...ref, optimise }, { threads: 1 }), { name: "TypeError", message: why });
      }
      await (await openModel(ref, { threads: 1 })).close();
    }
  }));
