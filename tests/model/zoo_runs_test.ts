/** A small sibling of every kind of model in the zoo runs: the score graph and the generate graph agree. */
import assert from "node:assert/strict";
import { scale } from "../../lib/arch/scale.ts";
import { zoo } from "../../lib/arch/zoo/zoo.ts";
import { openModel } from "../../lib/model/open_model.ts";
import { someIds } from "./tiny_spec.ts";

/** One of each way to build a model. */
const KINDS = [
  ...["llama-3.2-1b", "smollm3-3b", "mistral-7b-v0.1", "phi-3-mini-4k", "gemma-2b", "gemma-2-2b", "gemma-3-1b"],
  ...["qwen2.5-0.5b", "qwen3-0.6b", "qwen1.5-moe-a2.7b", "qwen3-next-80b-a3b", "mixtral-8x7b", "olmoe-1b-7b"],
  ...[
    "deepseek-v2-lite",
    "deepseek-v2",
    "gpt2",
    "pythia-70m",
    "phi-2",
    "falcon-7b",
    "bloom-560m",
    "olmo-2-1b",
    "retnet-1.3b",
  ],
  ...["mamba2-130m", "mamba-codestral-7b", "rwkv-6-1.6b", "lfm2-350m"],
];

for (const name of KINDS) {
  Deno.test(`${name} at about 1 M parameters runs, and decodes what its logits say`, async () => {
    // 256 ids: bytes without an end of text, which generate() would leave out.
    const spec = scale(zoo(name), { parameters: 1e6, vocabSize: 256, contextLength: 64 });
    const model = await openModel(spec, { threads: 1 });
    try {
      const [{ ids }] = await model.generate(someIds, { maxNewTokens: 4 });
      const all = [...someIds, ...ids];
      const { data, dims: [tokens, vocab] } = await model.logits(all.slice(0, -1));
      assert.ok(data.every(Number.isFinite));
      ids.forEach((id, i) => {
        const at = tokens - ids.length + i, row = data.subarray(at * vocab, (at + 1) * vocab);
        assert.equal(id, row.indexOf(Math.max(...row)), `token ${i}`);
      });
    } finally {
      await model.close();
    }
  });
}
