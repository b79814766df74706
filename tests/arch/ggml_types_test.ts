import assert from "node:assert/strict";
import { ggmlBytes, ggmlType } from "../../lib/arch/ggml_types.ts";
import { dequantise } from "../../lib/arch/quant_blocks.ts";
import golden from "../golden/ggml_blocks.json" with { type: "json" };

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

for (const { type, name, rows, cols, bytes, values } of golden.cases) {
  Deno.test(`${name} is dequantised to the numbers of the gguf package, bit for bit`, () => {
    const format = ggmlType(type, "a tensor");
    assert.equal(format.name, name);
    assert.equal(ggmlBytes(format, rows, cols), bytesOf(bytes).length);
    const got = dequantise(format.decode(bytesOf(bytes), rows, cols));
    assert.deepEqual(got, new Float32Array(bytesOf(values).buffer));
  });
}

Deno.test("an unknown quantisation is named, with those that can be read", () => {
  assert.throws(() => ggmlType(99, "tensor x of y.gguf"), {
    name: "TypeError",
    message: /tensor x of y\.gguf: unknown quantisation \(GGML type 99\).*Q4_1.*Q6_K/,
  });
});
