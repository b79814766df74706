/** tests/cases/folders: logits and greedy ends of transformers, and folders that are refused by the name of what they are. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openModel } from "../../lib/model/open_model.ts";
import { inTempFolder } from "../arch/temp_folder.ts";
import manifest from "../cases/folders/manifest.json" with { type: "json" };

interface Case {
  name: string;
  about: string;
  folder: string;
  inputs?: { ids: number[]; lastLogits: number[] }[];
  tolerance?: number;
  generate?: { prompt: number[]; maxNewTokens: number; ids: number[]; finishReason: string }[];
  errorNames?: string[];
}

const root = join(import.meta.dirname!, "..", "cases", "folders");
/** Of the largest logit. */
const TOLERANCE = 1e-4;

for (const { name, about, folder, inputs = [], generate = [], errorNames } of manifest.cases as Case[]) {
  const path = join(root, folder);
  Deno.test(`folder ${name}: ${about}`, () =>
    inTempFolder(async (cache) => {
      if (errorNames) {
        const error = await openModel(path, { threads: 1 }).then(() => null, (e: Error) => e);
        const said = error?.message.replaceAll(path, "").toLowerCase() ?? "nothing";
        assert.ok(errorNames.some((word) => said.includes(word)), said);
        return assert.deepEqual(await Array.fromAsync(Deno.readDir(cache)), []);
      }
      const model = await openModel(path, { threads: 1 });
      try {
        for (const { ids, lastLogits } of inputs) {
          const { data } = await model.logits(ids), last = data.subarray(-lastLogits.length);
          const worst = Math.max(...lastLogits.map((want, i) => Math.abs(want - last[i])));
          const scale = Math.max(...lastLogits.map(Math.abs));
          assert.ok(worst <= TOLERANCE * scale, `logits differ by up to ${worst} of ${scale}`);
        }
        for (const { prompt, maxNewTokens, ids, finishReason } of generate) {
          const [got] = await model.generate(prompt, { maxNewTokens });
          assert.deepEqual([got.ids, got.finishReason], [ids, finishReason]);
        }
      } finally {
        await model.close();
      }
    }));
}
