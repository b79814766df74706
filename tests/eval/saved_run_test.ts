/** Which changes of a model's files make kept results those of another model. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import type { ModelRef } from "../../lib/arch/model_ref.ts";
import { savedRun } from "../../lib/eval/saved_run.ts";
import { ResultStore } from "../../lib/store/results.ts";
import { inTempFolder } from "../arch/temp_folder.ts";
import { tinySpec } from "../model/tiny_spec.ts";

const cases = join(import.meta.dirname!, "..", "cases");
const source = join(cases, "folders", "eos-list");
const FILES = ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];

type Json = Record<string, unknown>;

/** A copy of a model's folder, and what tells whether a reference has the results of another. */
async function withStore(use: (folder: string, store: Store) => Promise<void>): Promise<void> {
  await inTempFolder(async (temp) => {
    const folder = join(temp, "model");
    await Deno.mkdir(folder);
    for (const name of FILES) await Deno.copyFile(join(source, name), join(folder, name));
    await use(folder, new Store(new ResultStore(join(temp, "results.sqlite"))));
  });
}

class Store {
  constructor(readonly results: ResultStore) {}

  /** Whether results of this reference are kept; from now on they are. */
  async keep(ref: ModelRef): Promise<boolean> {
    const items = await savedRun(this.results, ref, { provider: "cpu" }, { name: "a task", version: "1" }, {});
    const known = items.get("an item") !== undefined;
    items.put("an item", 1);
    items.close();
    return known;
  }
}

let seconds = 1;
async function change(path: string, edit: (value: Json) => void): Promise<void> {
  const value = JSON.parse(await Deno.readTextFile(path));
  edit(value);
  await Deno.writeTextFile(path, JSON.stringify(value));
  await Deno.utime(path, ++seconds, seconds);
}

const changes: [string, string, (value: Json) => void][] = [
  ["a merge", "tokenizer.json", ({ model }) => (model as Json).merges = []],
  ["a text of the vocabulary", "tokenizer.json", ({ model }) => delete ((model as Json).vocab as Json).ab],
  ["the ends of texts", "generation_config.json", (v) => v.eos_token_id = [60, 58]],
  ["the order of the ends", "generation_config.json", (v) => v.eos_token_id = [57, 60]],
  ["BOS", "tokenizer_config.json", (v) => v.bos_token = "<|t|>"],
  ["EOS", "tokenizer_config.json", (v) => v.eos_token = "<|u|>"],
  ["whether texts start with BOS", "tokenizer_config.json", (v) => v.add_bos_token = true],
];
for (const [what, file, edit] of changes) {
  Deno.test(`kept results are another model's once ${file} says otherwise of ${what}`, () =>
    withStore(async (folder, store) => {
      assert.deepEqual([await store.keep(folder), await store.keep(folder)], [false, true]);
      await change(join(folder, file), edit);
      assert.deepEqual([await store.keep(folder), await store.keep(folder)], [false, true]);
    }));
}

Deno.test("kept results are another model's once config.json says otherwise of BOS and ends, where it decides", () =>
  withStore(async (folder, store) => {
    await Deno.remove(join(folder, "tokenizer_config.json"));
    await Deno.remove(join(folder, "generation_config.json"));
    await store.keep(folder);
    for (const fields of [{ bos_token_id: 61 }, { eos_token_id: [60, 57] }, { eos_token_id: [57, 60] }]) {
      await change(join(folder, "config.json"), (v) => Object.assign(v, fields));
      assert.equal(await store.keep(folder), false, JSON.stringify(fields));
    }
    await change(join(folder, "config.json"), (v) => Object.assign(v, { bos_token_id: 59, eos_token_id: 60 }));
    assert.equal(await store.keep(folder), true, "as it was at first");
  }));

Deno.test("files and fields that decide no number leave kept results as they are", () =>
  withStore(async (folder, store) => {
    await store.keep(folder);
    await Deno.writeTextFile(join(folder, "README.md"), "A model");
    await change(join(folder, "tokenizer_config.json"), (v) => v.chat_template = "{{ messages }}");
    await change(join(folder, "generation_config.json"), (v) => v.temperature = 0.6);
    await change(join(folder, "tokenizer.json"), (v) => v.truncation = v.truncation ?? null);
    assert.equal(await store.keep(folder), true);
  }));

Deno.test("a reference's own tokenizer and cut vocabulary tell kept results apart", () =>
  withStore(async (folder, store) => {
    const other = join(dirname(folder), "other");
    await Deno.mkdir(other);
    for (const name of FILES) await Deno.copyFile(join(source, name), join(other, name));
    await change(join(other, "tokenizer.json"), ({ model }) => (model as Json).merges = []);
    const gguf = join(cases, "gguf-models", "end-of-turn.gguf"), spec = tinySpec();
    const refs: ModelRef[] = [
      folder,
      { ref: folder, tokenizer: "bytes" },
      { ref: folder, tokenizer: other },
      { ref: folder, tokenizer: gguf },
      gguf,
      { ref: gguf, tokenizer: folder },
      { ref: spec },
      { ref: spec, edits: [{ vocabulary: [98, 97, 257] }] },
      { ref: spec, edits: [{ vocabulary: [97, 98, 257] }] },
    ];
    for (const ref of refs) assert.equal(await store.keep(ref), false, JSON.stringify(ref));
    for (const ref of refs) assert.equal(await store.keep(ref), true, JSON.stringify(ref));
  }));
