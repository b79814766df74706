/**
 * Every tensor type of GGUF: its fp32 numbers against PyPI gguf, and what precision "stored" makes of it. The last column
 * is the error of the logits of a tiny model (tests/cases/gguf-models) at "stored", whose products round the activations
 * to int8; its weights are those of the file.
 */
import { join } from "node:path";
import { openModel } from "../../lib/model/open_model.ts";
import { dequantise } from "../../lib/arch/quant_blocks.ts";
import { GOLDEN_TYPES, goldenMatrix, type GoldenType, sha256Of } from "../arch/golden_blocks.ts";
import { packedValues, relativeError } from "../arch/packed_values.ts";
import { inTempFolder } from "../arch/temp_folder.ts";

const folder = join(import.meta.dirname!, "..", "cases", "gguf-models");
const { cases } = JSON.parse(await Deno.readTextFile(join(folder, "manifest.json")));

/** The largest difference; of all numbers where the hash agrees, else of those that the golden file holds. */
function fp32Error(golden: GoldenType): string {
  const values = dequantise(goldenMatrix(golden)), { first, sha256 } = golden;
  if (sha256Of(values) === sha256) return `0 of ${values.length}`;
  return String(first.reduce((most, want, i) => Math.max(most, Math.abs(want - values[i])), 0));
}

async function storedForm(golden: GoldenType): Promise<string[]> {
  const matrix = goldenMatrix(golden, 4), { linear, values } = await packedValues(matrix, "stored");
  const error = relativeError(values, dequantise(matrix));
  if (linear.form !== "blocks") return ["fp32", "32", error.toExponential(0)];
  const { bits, blockSize, minima } = linear;
  const form = `int${bits} blocks of ${blockSize}${minima ? " with minima" : ""}`;
  return [form, String(bits + (minima ? 2 : 1) * 32 / blockSize), error.toExponential(0)];
}

async function logitsError(name: string): Promise<string> {
  const found = cases.find((given: { name: string }) => given.name === `type-${name.toLowerCase()}`);
  const got: number[] = [], want: number[] = [];
  await inTempFolder(async () => {
    const model = await openModel(join(folder, found.files[0]), { precision: "stored", threads: 1 });
    for (const { ids, lastLogits } of found.inputs) {
      got.push(...(await model.logits(ids)).data.slice(-lastLogits.length));
      want.push(...lastLogits);
    }
    await model.close();
  });
  return `${(100 * relativeError(got, want)).toFixed(2)} %`;
}

console.log("| type | bits | fp32: largest error | stored as | stored bits | error of its weights | of its logits |");
console.log("| --- | --- | --- | --- | --- | --- | --- |");
for (const golden of GOLDEN_TYPES) {
  const { name, type: { blockBytes, blockValues } } = golden;
  const cells = [name, String(8 * blockBytes / blockValues), fp32Error(golden), ...await storedForm(golden)];
  console.log(`| ${[...cells, await logitsError(name)].join(" | ")} |`);
}
