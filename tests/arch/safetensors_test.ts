import assert from "node:assert/strict";
import { join } from "node:path";
import { openSafetensors, readTensor } from "../../lib/arch/safetensors.ts";
import { f32, safetensorsBytes, type TestTensor, withHeader } from "./safetensors_writer.ts";

async function inTempFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const two = (): Record<string, TestTensor> => ({ a: f32([2, 2], [1, 2, 3, 4]), b: f32([3], [5, 6, 7]) });

Deno.test("readTensor() reads F32, F16 and BF16 by their bits", async () => {
  const u16 = (dtype: string, bits: number[]) => ({
    dtype,
    shape: [bits.length],
    data: new Uint8Array(Uint16Array.from(bits).buffer),
  });
  await inTempFolder(async (folder) => {
    const path = join(folder, "model.safetensors");
    await Deno.writeFile(
      path,
      safetensorsBytes({
        single: f32([2, 1], [0.1, -3e38]),
        // IEEE 754 binary16: 1, -2, the smallest and the largest number.
        half: u16("F16", [0x3c00, 0xc000, 0x0001, 0x7bff]),
        // The upper half of a 32-bit float: 1, -2, 3.140625.
        brain: u16("BF16", [0x3f80, 0xc000, 0x4049]),
        whole: { dtype: "I64", shape: [1], data: new Uint8Array(8) },
      }),
    );
    const file = await openSafetensors(path);
    assert.deepEqual([...await readTensor(file, "single")], [Math.fround(0.1), Math.fround(-3e38)]);
    assert.deepEqual([...await readTensor(file, "half")], [1, -2, 2 ** -24, 65504]);
    assert.deepEqual([...await readTensor(file, "brain")], [1, -2, 3.140625]);
    await assert.rejects(readTensor(file, "whole"), { name: "TypeError", message: /whole.*I64.*F32, F16, BF16/ });
    await assert.rejects(readTensor(file, "none"), /no tensor none/);
  });
});

Deno.test("an index is read as the tensors of its shards", async () => {
  await inTempFolder(async (folder) => {
    const { a, b } = two(), index = join(folder, "model.safetensors.index.json");
    await Deno.writeFile(join(folder, "1.safetensors"), safetensorsBytes({ a }));
    await Deno.writeFile(join(folder, "2.safetensors"), safetensorsBytes({ b }));
    const write = (weight_map: unknown) => Deno.writeTextFile(index, JSON.stringify({ metadata: {}, weight_map }));
    await write({ b: "2.safetensors", a: "1.safetensors" });
    const file = await openSafetensors(index);
    assert.deepEqual(file.files.toSorted(), [1, 2].map((n) => join(folder, `${n}.safetensors`)).concat(index));
    assert.deepEqual([...await readTensor(file, "b")], [5, 6, 7]);
    assert.deepEqual(file.tensors.get("a")?.shape, [2, 2]);

    await write({ a: "1.safetensors", b: "1.safetensors" });
    await assert.rejects(openSafetensors(index), /says that 1\.safetensors holds b, which it does not/);
    await write({ a: "../1.safetensors" });
    await assert.rejects(openSafetensors(index), /shard of a is "\.\.\/1\.safetensors", not the name of a/);
    await write({ a: "3.safetensors" });
    await assert.rejects(openSafetensors(index), /3\.safetensors: there is no such file/);
    await write(["a"]);
    await assert.rejects(openSafetensors(index), /shard of 0/);
    await Deno.writeTextFile(index, "{}");
    await assert.rejects(openSafetensors(index), /no object weight_map/);
  });
});

const changed = (change: Partial<TestTensor>) => {
  const { a, b } = two();
  return safetensorsBytes({ a, b: { ...b, ...change } });
};

/** Two tensors, four bytes apart. */
function withHole(): Uint8Array<ArrayBuffer> {
  const { a, b } = two(), data = Uint8Array.from([...a.data, 0, 0, 0, 0]);
  return safetensorsBytes({ a: { ...a, data, offsets: [0, 16] }, b });
}

const damaged: [string, () => Uint8Array<ArrayBuffer>, RegExp][] = [
  ["four bytes", () => changed({}).slice(0, 4), /it has only 4 bytes; the file is truncated/],
  ["half a header", () => changed({}).slice(0, 60), /claims a header of \d+ bytes, of a file of 60/],
  ["cut data", () => changed({}).slice(0, -4), /tensor b claims bytes \[16,28\] of the 24 that the file has/],
  ["a header longer than any", () => withHeader("{}", [], 2n ** 63n), /claims a header of 9\.?\d*/],
  ["a header that is no JSON", () => withHeader("{{", []), /header is not a JSON object/],
  ["a header that is a list", () => withHeader("[]", []), /header is not a JSON object/],
  ["a header of broken UTF-8", () => withHeader("{}", []).with(8, 0xff), /header is not a JSON object/],
  ["an unknown dtype", () => changed({ dtype: "F31" }), /tensor b has the unknown dtype "F31"/],
  ["a dtype of the prototype", () => changed({ dtype: "constructor" }), /unknown dtype "constructor"/],
  ["a negative shape", () => changed({ shape: [-3] }), /tensor b has the shape \[-3\]/],
  ["a shape that is not what its bytes hold", () => changed({ shape: [4] }), /F32 \[4\], takes 16 bytes.*span 12/],
  ["a shape beyond all numbers", () => changed({ shape: [2 ** 52, 2 ** 52] }), /takes 8\.1\d+e\+31 bytes/],
  ["an offset outside the file", () => changed({ offsets: [2 ** 40, 2 ** 40 + 12] }), /claims bytes \[1099511627776,/],
  ["offsets backwards", () => changed({ offsets: [28, 16] }), /offsets span -12/],
  [
    "three offsets",
    () => changed({ offsets: [16, 28, 28] as unknown as [number, number] }),
    /claims bytes \[16,28,28\]/,
  ],
  ["overlapping tensors", () => changed({ offsets: [12, 24] }), /b starts at byte \d+, inside the one before it/],
  ["a hole between tensors", () => withHole(), /tensor b starts at byte \d+, but the one before it ends at/],
  ["bytes that no tensor owns", () => Uint8Array.from([...changed({}), 0, 0]), /last tensor ends at byte \d+ of \d+/],
  ["no entry", () => withHeader('{"a":null}', []), /tensor a has the unknown dtype undefined/],
];

for (const [what, bytes, message] of damaged) {
  Deno.test(`a safetensors file with ${what} is refused`, async () => {
    await inTempFolder(async (folder) => {
      const path = join(folder, "damaged.safetensors");
      await Deno.writeFile(path, bytes());
      await assert.rejects(openSafetensors(path), { name: "SyntaxError", message });
    });
  });
}
