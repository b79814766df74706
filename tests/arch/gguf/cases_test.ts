/** Tiny models in GGUF files, one for each type and each trap: tests/cases/gguf-models/README.md. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openModel } from "../../../lib/model/language_model.ts";
import { inTempFolder } from "../temp_folder.ts";

interface Case {
  name: string;
  about: string;
  /** The first opens the model. */
  files: string[];
  inputs?: { ids: number[]; lastLogits: number[] }[];
  tolerance?: number;
  /** The file must be refused with one of these words; or that is right too. */
  errorNames?: string[];
  orErrorNames?: string[];
}

const folder = join(import.meta.dirname!, "..", "..", "cases", "gguf-models");
const { cases }: { cases: Case[] } = JSON.parse(await Deno.readTextFile(join(folder, "manifest.json")));

/** The largest difference from the right logits, of all inputs. */
async function largestDifference(path: string, inputs: Case["inputs"]): Promise<number> {
  const model = await openModel(path, { threads: 1 });
  let worst = 0;
  try {
    for (const { ids, lastLogits } of inputs!) {
      const { data, dims: [, vocabSize] } = await model.logits(ids);
      assert.equal(vocabSize, lastLogits.length);
      const last = data.slice(-vocabSize);
      lastLogits.forEach((want, i) => worst = Math.max(worst, Math.abs(want - last[i])));
    }
  } finally {
    await model.close();
  }
  return worst;
}

for (const { name, about, files, inputs, tolerance, errorNames } of cases) {
  Deno.test(`GGUF ${name}: ${about}`, async () => {
    await inTempFolder(async () => {
      if (errorNames) {
        await assert.rejects(
          openModel(join(folder, files[0]), { threads: 1 }),
          (error: Error) => errorNames.some((word) => error.message.includes(word)) && error.message.includes(files[0]),
        );
        return;
      }
      // Any part of a split model opens it.
      for (const file of files) {
        const worst = await largestDifference(join(folder, file), inputs);
        assert.ok(worst < tolerance!, `${file}: largest difference ${worst}, must be below ${tolerance}`);
      }
    });
  });
}
