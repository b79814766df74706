import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { decodeTensor, GGML_TYPES, ggmlType, TensorDecoder } from "../../lib/arch/ggml_types.ts";
import { dequantise } from "../../lib/arch/quant_blocks.ts";
import golden from "../golden/ggml_blocks.json" with { type: "json" };

type Case = typeof golden.cases[number];

/** The bytes that ggml_blocks.py made. */
function blocksOf({ scales, bytes: size }: Case): Uint8Array {
  const bytes = new Uint8Array(size), blockBytes = size / golden.blocks;
  for (let i = 0, state = 22; i < size; i++) {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    bytes[i] = state >>> 24;
  }
  for (let at = 0; at < size; at += blockBytes) {
    for (const [place, kept, set] of scales) bytes[at + place] = bytes[at + place] & kept | set;
  }
  return bytes;
}

const floatsOf = (base64: string) =>
  new Float32Array(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer as ArrayBuffer);

for (const given of golden.cases) {
  Deno.test(`${given.name} is dequantised to the numbers of the gguf package, bit for bit`, () => {
    const type = ggmlType(given.type, "a tensor"), cols = golden.blocks * type.blockValues, bytes = blocksOf(given);
    assert.equal(type.name, given.name);
    assert.equal(golden.blocks * type.blockBytes, bytes.length);
    const values = dequantise(decodeTensor(type, bytes, 1, cols)), first = floatsOf(given.first);
    assert.deepEqual(values.slice(0, first.length), first);
    assert.equal(createHash("sha256").update(new Uint8Array(values.buffer)).digest("hex"), given.sha256);
  });
}

Deno.test("every type that can be read has its golden numbers", () => {
  assert.deepEqual(GGML_TYPES.map(({ name }) => name).sort(), golden.cases.map(({ name }) => name).sort());
});

Deno.test("a tensor may be decoded in pieces", () => {
  for (const given of golden.cases) {
    const type = ggmlType(given.type, "a tensor"), bytes = blocksOf(given);
    const decoder = new TensorDecoder(type, 2, golden.blocks / 2 * type.blockValues);
    const cuts = [0, 1, 7, 500, golden.blocks].map((block) => block * type.blockBytes);
    for (let i = 1; i < cuts.length; i++) decoder.add(bytes.subarray(cuts[i - 1], cuts[i]));
    assert.deepEqual(decoder.matrix, decodeTensor(type, bytes, 2, golden.blocks / 2 * type.blockValues), type.name);
  }
});

Deno.test("an unknown quantisation is named, with those that can be read", () => {
  assert.throws(() => ggmlType(99, "tensor x of y.gguf"), {
    name: "TypeError",
    message: /tensor x of y\.gguf: unknown quantisation \(GGML type 99\).*Q4_1.*Q6_K.*NVFP4/,
  });
  assert.throws(() => ggmlType(31, "tensor x of y.gguf"), { message: /GGML type 31: Q4_0_4_4, removed: convert/ });
});
