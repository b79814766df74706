import assert from "node:assert/strict";
import { GGML_TYPES, ggmlType, TensorDecoder } from "../../lib/arch/ggml_types.ts";
import { dequantise } from "../../lib/arch/quant_blocks.ts";
import { GOLDEN_TYPES, goldenMatrix, sha256Of } from "./golden_blocks.ts";

for (const golden of GOLDEN_TYPES) {
  Deno.test(`${golden.name} is dequantised to the numbers of the gguf package, bit for bit`, () => {
    const { name, type, bytes, blocks, first, sha256 } = golden;
    assert.equal(type.name, name);
    assert.equal(blocks * type.blockBytes, bytes.length);
    const values = dequantise(goldenMatrix(golden));
    assert.deepEqual(values.slice(0, first.length), first);
    assert.equal(sha256Of(values), sha256);
  });
}

Deno.test("every type that can be read has its golden numbers", () => {
  assert.deepEqual(GGML_TYPES.map(({ name }) => name).sort(), GOLDEN_TYPES.map(({ name }) => name).sort());
});

Deno.test("a tensor may be decoded in pieces", () => {
  for (const golden of GOLDEN_TYPES) {
    const { type, bytes, blocks } = golden, decoder = new TensorDecoder(type, 2, blocks / 2 * type.blockValues);
    const cuts = [0, 1, 7, 500, blocks].map((block) => block * type.blockBytes);
    for (let i = 1; i < cuts.length; i++) decoder.add(bytes.subarray(cuts[i - 1], cuts[i]));
    assert.deepEqual(decoder.matrix, goldenMatrix(golden, 2), type.name);
  }
});

Deno.test("an unknown quantisation is named, with those that can be read", () => {
  assert.throws(() => ggmlType(99, "tensor x of y.gguf"), {
    name: "TypeError",
    message: /tensor x of y\.gguf: unknown quantisation \(GGML type 99\).*Q4_1.*Q6_K.*NVFP4/,
  });
  assert.throws(() => ggmlType(31, "tensor x of y.gguf"), { message: /GGML type 31: Q4_0_4_4, removed: convert/ });
});
