import assert from "node:assert/strict";
import { join } from "node:path";
import { resolveModel } from "../../../lib/arch/resolve.ts";
import { openSafetensors, readTensor } from "../../../lib/arch/safetensors.ts";
import { openModel } from "../../../lib/model/open_model.ts";
import manifest from "../../cases/folders/manifest.json" with { type: "json" };
import { f32, safetensorsBytes, type TestTensor } from "../safetensors_writer.ts";
import { inTempFolder } from "../temp_folder.ts";

const cases = join(import.meta.dirname!, "..", "..", "cases", "folders");
const EMBEDDING = "model.embed_tokens.weight", HEAD = "lm_head.weight";
type Tensors = Record<string, TestTensor>;

async function tensorsOf(name: string): Promise<Tensors> {
  const file = await openSafetensors(join(cases, name, "model.safetensors")), tensors: Tensors = {};
  for (const [tensor, { shape }] of file.tensors) tensors[tensor] = f32(shape, await readTensor(file, tensor));
  return tensors;
}

/** A case's folder with other fields, in one file or in shards with an index of what is listed. */
async function write(folder: string, from: string, fields: object, shards: Tensors[], unlisted: string[] = []) {
  await Deno.mkdir(folder);
  const config = JSON.parse(await Deno.readTextFile(join(cases, from, "config.json")));
  await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify({ ...config, ...fields }));
  if (shards.length === 1) {
    return await Deno.writeFile(join(folder, "model.safetensors"), safetensorsBytes(shards[0]));
  }
  const weight_map: Record<string, string> = {};
  for (const [i, tensors] of shards.entries()) {
    const name = `model-0000${i + 1}-of-0000${shards.length}.safetensors`;
    await Deno.writeFile(join(folder, name), safetensorsBytes(tensors));
    for (const tensor of Object.keys(tensors)) if (!unlisted.includes(tensor)) weight_map[tensor] = name;
  }
  await Deno.writeTextFile(join(folder, "model.safetensors.index.json"), JSON.stringify({ weight_map }));
}

async function isLike(folder: string, name: string): Promise<void> {
  const { ids, lastLogits } = manifest.cases.find((c) => c.name === name)!.inputs![0];
  const model = await openModel(folder, { threads: 1 });
  try {
    const { data } = await model.logits(ids), last = data.subarray(-lastLogits.length);
    const worst = Math.max(...lastLogits.map((want, i) => Math.abs(want - last[i])));
    assert.ok(worst < 1e-3, `${folder}: ${worst} from ${name}`);
  } finally {
    await model.close();
  }
}

Deno.test("a head of its own numbers is the head: in one file, in a shard, or in a shard whose index leaves it out", async () => {
  await inTempFolder(async (temp) => {
    const all = await tensorsOf("tied-flag-other-head"), { [HEAD]: head, ...rest } = all;
    const from = "tied-flag-other-head", at = (name: string) => join(temp, name);
    await write(at("one"), from, {}, [all]);
    await write(at("shards"), from, {}, [rest, { [HEAD]: head }]);
    await write(at("unlisted"), from, {}, [{ [EMBEDDING]: rest[EMBEDDING], [HEAD]: head }, without(rest, EMBEDDING)], [
      HEAD,
    ]);
    await write(at("flag"), from, { tie_word_embeddings: false }, [all]);
    for (const name of ["one", "shards", "unlisted", "flag"]) await isLike(at(name), from);
    assert.equal((await resolveModel(at("one"))).base.tiedHead, false);
  });
});

Deno.test("a head that is the embedding again, or stands for it under its own name, stays tied", async () => {
  await inTempFolder(async (temp) => {
    const from = "tied-flag-same-head", all = await tensorsOf(from);
    await write(join(temp, "both"), from, {}, [all]);
    await write(join(temp, "head"), from, {}, [without(all, EMBEDDING)]);
    await write(join(temp, "embedding"), from, {}, [without(all, HEAD)]);
    for (const name of ["both", "head", "embedding"]) {
      assert.equal((await resolveModel(join(temp, name))).base.tiedHead, true, name);
      await isLike(join(temp, name), from);
    }
  });
});

Deno.test("weights given for a tied architecture must not hold a head of their own", async () => {
  const { base } = await resolveModel(join(cases, "tied"));
  await inTempFolder(() =>
    assert.rejects(resolveModel({ ref: base, weights: join(cases, "tied-flag-other-head") }), {
      name: "SyntaxError",
      message: /tied-flag-other-head\/model\.safetensors for tied: its lm_head\.weight differs.*tiedHead false/,
    })
  );
});

Deno.test("a folder that is not tied and has no head is refused, and so is a head of another size", async () => {
  await inTempFolder(async (temp) => {
    const from = "tied-flag-other-head", all = await tensorsOf(from);
    await write(join(temp, "none"), from, { tie_word_embeddings: false }, [without(all, HEAD)]);
    await assert.rejects(resolveModel(join(temp, "none")), /missing: lm_head\.weight \[64,48\]/);
    await write(join(temp, "small"), from, {}, [{ ...all, [HEAD]: f32([63, 48], new Float32Array(63 * 48)) }]);
    await assert.rejects(resolveModel(join(temp, "small")), /lm_head\.weight \[63,48\], must be \[64,48\]/);
  });
});

function without(tensors: Tensors, name: string): Tensors {
  return Object.fromEntries(Object.entries(tensors).filter(([other]) => other !== name));
}
