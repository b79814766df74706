/** Tiny models in GGUF files, one for each type and each trap: tests/cases/gguf-models/README.md. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openModel } from "../../../lib/model/open_model.ts";
import { relativeError } from "../packed_values.ts";
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

interface Run {
  label: string;
  /** The last token's logits, of all inputs. */
  logits: number[];
}

async function run(path: string, inputs: Case["inputs"], precision: "fp32" | "stored"): Promise<Run> {
  const model = await openModel(path, { precision, threads: 1 }), logits: number[] = [];
  for (const { ids } of inputs!) {
    const { data, dims: [, vocabSize] } = await model.logits(ids);
    logits.push(...data.slice(-vocabSize));
  }
  await model.close();
  return { label: model.info.precisionLabel, logits };
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
      const want = inputs!.flatMap(({ lastLogits }) => lastLogits);
      // Any part of a split model opens it.
      for (const file of files) {
        const { logits } = await run(join(folder, file), inputs, "fp32");
        assert.equal(logits.length, want.length);
        const worst = logits.reduce((most, logit, i) => Math.max(most, Math.abs(logit - want[i])), 0);
        assert.ok(worst < tolerance!, `${file}: largest difference ${worst}, must be below ${tolerance}`);
      }
      // Its weights are those of the file, its activations int8: 1 to 4 %.
      const { label, logits } = await run(join(folder, files[0]), inputs, "stored");
      assert.match(label, /^stored \(\w+(, \d+\.\d bits a weight)?, as (fp32|int[48] blocks).*, weight error 0\)$/);
      assert.ok(relativeError(logits, want) < 0.06, `${label}: ${relativeError(logits, want)}`);
    });
  });
}

Deno.test("a mixed file's label names all of its forms, and the bits of all of its types", async () => {
  await inTempFolder(async () => {
    const path = join(folder, "mixed-types.gguf"), [{ ids }] = cases[0].inputs!;
    const inputs = [{ ids, lastLogits: [] }];
    assert.equal((await run(path, inputs, "fp32")).label, "fp32 (from Q4_K, 5.8 bits a weight)");
    assert.equal(
      (await run(path, inputs, "stored")).label,
      "stored (Q4_K, 5.8 bits a weight, as int4 blocks + int8 blocks + fp32, weight error 0)",
    );
  });
});
