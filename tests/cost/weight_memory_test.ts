import assert from "node:assert/strict";
import { packedBytes, packWeights } from "../../lib/arch/packed_weights.ts";
import { type QuantBlocks, quantise } from "../../lib/arch/quant_blocks.ts";
import { randomWeights } from "../../lib/arch/random_weights.ts";
import type { Precision } from "../../lib/arch/model_ref.ts";
import type { ArchSpec } from "../../lib/arch/spec.ts";
import type { WeightSource } from "../../lib/arch/weight_source.ts";
import { zoo } from "../../lib/arch/zoo/zoo.ts";
import { planOf } from "../../lib/cost/memory_plan.ts";
import { formsOf, storedForms } from "../../lib/cost/weight_forms.ts";
import { commonestKernel, formBytesRead, weightMemory } from "../../lib/cost/weight_memory.ts";
import { tinySpec } from "../model/tiny_spec.ts";
import { smollm2 } from "./smollm2_spec.ts";

/** Bytes that the tensors of a packed model take. */
async function packed(spec: ArchSpec, source: WeightSource, precision: Precision): Promise<number> {
  return packedBytes(await packWeights(spec, source, precision, "weights.bin", () => {}));
}

for (const tiedHead of [true, false]) {
  Deno.test(`the file's bytes are those of the packed tensors, ${tiedHead ? "tied" : "untied"}`, async () => {
    const spec = tinySpec({ tiedHead }), source = randomWeights(spec, 1);
    for (const precision of ["fp32", "int8", "int4"] as const) {
      const { fileBytes } = weightMemory(spec, formsOf(precision), 8, 1);
      assert.equal(fileBytes, await packed(spec, source, precision), precision);
    }
  });
}

/** k as 8-bit blocks with a zero point of its own, v with minima, the rest 4-bit blocks, the norms fp32. */
function mixedSource(base: WeightSource): WeightSource {
  const bitsOf = (name: string) => name === "k" || name === "v" ? 8 : 4;
  const blocks = (m: QuantBlocks, name: string): QuantBlocks => ({
    ...m,
    zero: name === "k" ? 32 : m.zero,
    mins: name === "v" ? new Float32Array(m.scales.length).fill(-1) : null,
  });
  const form = (name: string) => ({
    bits: bitsOf(name) as 4 | 8,
    blockSize: 32,
    zero: name === "k" ? 32 : 2 ** (bitsOf(name) - 1),
    hasMins: name === "v",
  });
  return {
    ...base,
    async layer(index, name) {
      const m = await base.layer(index, name);
      if (m.rows === 1) return m;
      return blocks(quantise((m as { values: Float32Array }).values, m.rows, m.cols, bitsOf(name)), name);
    },
    form: (layer, name) => layer === null ? null : form(name),
  };
}

Deno.test("stored matrices that are one product take the form that holds all, as the packer gives it", async () => {
  const spec = tinySpec({ tiedHead: true }), source = mixedSource(randomWeights(spec, 1));
  const forms = storedForms(source);
  assert.equal(weightMemory(spec, forms, 8, 1).fileBytes, await packed(spec, source, "stored"));
  assert.equal(formBytesRead(spec, forms, 1), await packed(spec, source, "stored"), "a step reads all of it");
});

Deno.test("packed blocks have a scale and a sum each, and their scales stay mapped, by hand", () => {
  const spec = tinySpec({ tiedHead: true }), head = 258 * 64, layers = 3 * (2 * 64 * 64 + 2 * 32 * 64 + 3 * 96 * 64);
  const vectors = 4 * 7 * 64, rope = 4 * 64 * 16; // fp32: seven norms; cosines and sines of 64 positions
  const floats = weightMemory(spec, formsOf("fp32"), 8, 1), blocks = weightMemory(spec, formsOf("int8"), 8, 1);
  assert.deepEqual(floats, {
    fileBytes: 4 * (head + layers) + vectors,
    packedBytes: 4 * layers + vectors,
    packedHeadBytes: 4 * head,
    mappedBytes: 4 * head + rope, // packing has read the whole table
  });
  assert.deepEqual(blocks, {
    fileBytes: 1.125 * (head + layers) + vectors,
    packedBytes: 1.25 * layers + vectors,
    packedHeadBytes: 1.25 * head,
    mappedBytes: (head + layers) / 8 + 1.125 * head + rope, // the table is smaller than what is mapped at once
  });
});

/** `memoryGb` of measureMemory, onnxruntime-node 1.30 on Linux x64, in GB. */
const MEASURED: [ArchSpec, Precision, promptTokens: number, newTokens: number, gb: number][] = [
  [smollm2, "fp32", 64, 8, 0.701],
  [smollm2, "fp32", 1400, 100, 0.899],
  [smollm2, "int8", 256, 64, 0.310],
  [smollm2, "int4", 64, 8, 0.180],
  [smollm2, "int4", 512, 128, 0.269],
  [smollm2, "int4", 100, 2500, 0.557],
  [zoo("gemma-3-270m"), "fp32", 64, 8, 1.796],
  [zoo("gemma-3-270m"), "fp32", 256, 64, 1.830],
  [zoo("gemma-3-270m"), "int8", 512, 128, 0.611],
  [zoo("gemma-3-270m"), "int4", 64, 8, 0.355],
  [zoo("gemma-3-270m"), "int4", 2000, 20, 0.685],
];

Deno.test("peaks of processes that were measured are within 15 % of what is said of them", () => {
  for (const [spec, precision, promptTokens, newTokens, gb] of MEASURED) {
    const contextLength = promptTokens + newTokens - 1;
    const { runBytes } = planOf(spec, formsOf(precision), { precision, promptTokens, contextLength });
    const off = runBytes / 1e9 / gb - 1;
    assert.ok(
      Math.abs(off) < 0.15,
      `${spec.name} ${precision} ${promptTokens}+${newTokens}: ${(100 * off).toFixed(1)} %`,
    );
  }
});

Deno.test("the kernel of a stored model is that of most of its weights", () => {
  const spec = tinySpec({ tiedHead: true }), source = mixedSource(randomWeights(spec, 1));
  const forms = storedForms(source);
  assert.equal(commonestKernel(spec, forms), "int4");
  assert.equal(commonestKernel(spec, formsOf("int8")), "int8");
});
