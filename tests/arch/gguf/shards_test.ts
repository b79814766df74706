import assert from "node:assert/strict";
import { join } from "node:path";
import { resolveModel } from "../../../lib/arch/resolve.ts";
import { openModel } from "../../../lib/model/open_model.ts";
import { ggufBytes, llamaMetadata, llamaTensors, type Metadata, type TestTensor } from "../gguf_writer.ts";
import { inTempFolder } from "../temp_folder.ts";

const name = (part: number, of = 3) => `model-0000${part}-of-0000${of}.gguf`;

/** The tensors of a small Llama in three files, all keys in the first. */
function shards(): { metadata: Metadata; tensors: TestTensor[] }[] {
  const tensors = llamaTensors(),
    split = (no: number) => ({ "split.no": no, "split.count": 3, "split.tensors.count": 11 });
  return [
    { metadata: { ...llamaMetadata(), ...split(0) }, tensors: tensors.slice(0, 4) },
    { metadata: split(1), tensors: tensors.slice(4, 8) },
    { metadata: split(2), tensors: tensors.slice(8) },
  ];
}

async function write(folder: string, parts = shards()): Promise<void> {
  for (const [i, { metadata, tensors }] of parts.entries()) {
    await Deno.writeFile(join(folder, name(i + 1)), ggufBytes(metadata, tensors));
  }
}

async function lastLogits(path: string): Promise<Float32Array> {
  const model = await openModel(path, { threads: 1 });
  const { data } = await model.logits([0, 1, 2]);
  await model.close();
  return data.slice();
}

Deno.test("any part opens a split model, which is one model with one place in the cache", async () => {
  await inTempFolder(async (folder) => {
    await write(folder);
    await Deno.writeFile(join(folder, "whole.gguf"), ggufBytes(llamaMetadata(), llamaTensors()));
    const want = await lastLogits(join(folder, "whole.gguf"));
    const resolved = [];
    for (const part of [1, 2, 3]) {
      assert.deepEqual(await lastLogits(join(folder, name(part))), want);
      resolved.push(await resolveModel(join(folder, name(part))));
    }
    for (const { name, identity, files, tokenizer } of resolved) {
      assert.equal(name, "model");
      assert.equal(identity, resolved[0].identity);
      assert.equal(files!.length, 3);
      assert.deepEqual(tokenizer, { gguf: files![0] });
    }
  });
});

Deno.test("a split model whose parts change is another model", async () => {
  await inTempFolder(async (folder) => {
    await write(folder);
    const path = join(folder, name(1)), before = await resolveModel(path);
    await Deno.utime(join(folder, name(3)), 1, 1);
    assert.notEqual((await resolveModel(path)).identity, before.identity);
    await Deno.remove(join(folder, name(3)));
    await assert.rejects(resolveModel(path), {
      name: "NotFound",
      message: /part 3 of 3, .*model-00003-of-00003\.gguf/,
    });
  });
});

const wrong: [string, (parts: ReturnType<typeof shards>) => void, RegExp][] = [
  [
    "whose parts have changed places",
    (parts) => parts.reverse(),
    /model-00001-of-00003\.gguf is a part of another model: its split\.no is 2, not 0/,
  ],
  [
    "with a part of a model in more parts",
    (parts) => parts[1].metadata["split.count"] = 4,
    /00002-of-00003\.gguf is a part of another model: its split\.count is 4, not 3/,
  ],
  [
    "with a part of a model with more tensors",
    (parts) => parts[2].metadata["split.tensors.count"] = 12,
    /00003-of-00003\.gguf is a part of another model: its split\.tensors\.count is 12, not 11/,
  ],
  [
    "with a part of another architecture",
    (parts) => parts[1].metadata["general.architecture"] = "qwen2",
    /00002-of-00003\.gguf is a part of another model: its general\.architecture is qwen2, not llama/,
  ],
  [
    "with a tensor twice",
    (parts) => parts[2].tensors[0].name = parts[1].tensors[0].name,
    /00003-of-00003\.gguf holds tensor blk\.0\.attn_k\.weight, which .*00002-of-00003\.gguf holds too/,
  ],
  [
    "with too few tensors",
    (parts) => parts[2].tensors.pop(),
    /its 3 parts hold 10 tensors, and split\.tensors\.count is 11/,
  ],
  ["with a number that is text", (parts) => parts[1].metadata["split.no"] = "1", /split\.no is 1, not a count/],
];

for (const [what, change, message] of wrong) {
  Deno.test(`a split model ${what} is refused`, async () => {
    await inTempFolder(async (folder) => {
      const parts = shards();
      change(parts);
      await write(folder, parts);
      await assert.rejects(openModel(join(folder, name(1)), { threads: 1 }), { message });
    });
  });
}

Deno.test("a part without its name says what the parts must be called", async () => {
  await inTempFolder(async (folder) => {
    await write(folder);
    await Deno.rename(join(folder, name(1)), join(folder, "renamed.gguf"));
    const message = /renamed\.gguf: it is one of 3 parts .*NAME-00001-of-00003\.gguf/;
    await assert.rejects(openModel(join(folder, "renamed.gguf")), { message });
  });
});

Deno.test("a whole model may be called like a part", async () => {
  await inTempFolder(async (folder) => {
    await Deno.writeFile(join(folder, name(1)), ggufBytes(llamaMetadata(), llamaTensors()));
    assert.equal((await lastLogits(join(folder, name(1)))).length, 12);
  });
});
