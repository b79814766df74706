import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ModelRef } from "../../lib/arch/model_ref.ts";
import { zoo } from "../../lib/arch/zoo/zoo.ts";
import { textWidth } from "../../lib/progress.ts";
import { cacheDir } from "../../lib/store/paths.ts";
import { type CardOptions, modelCard } from "../../lib/view/model_card.ts";
import { ggufBytes, llamaMetadata, llamaTensors } from "../arch/gguf_writer.ts";
import { inTempFolder } from "../arch/temp_folder.ts";
import { COMMIT, hubServer } from "../store/hub_server.ts";
import { HOSTILE_NAMES } from "./hostile_names.ts";

const TIED = join(import.meta.dirname!, "..", "cases", "folders", "tied");

/** The card as text; every line of it fits a terminal of 80 columns. */
async function textOf(ref: ModelRef, options?: CardOptions): Promise<string> {
  const { bundle } = await modelCard(ref, options);
  const text = bundle["text/plain"];
  for (const line of text.split("\n")) assert.ok(textWidth(line) <= 80, `${textWidth(line)} columns: ${line}`);
  assert.match(bundle["text/html"] as string, /<svg/);
  return text;
}

const value = (text: string, label: string) =>
  new RegExp(`^${label} +([^]*?)\n(?=\\S|\n)`, "m").exec(text)?.[1].replace(/\s+/g, " ");

Deno.test("the card of a folder: what it is, what it needs and what will run", async () => {
  const text = await textOf(TIED, { hardware: "Raspberry Pi 5" });
  // By hand: 64 x 48 embedding, three norms of 48, q and o 48 x 48, k and v 16 x 48, three matrices 48 x 64.
  assert.equal(value(text, "parameters"), "18.6 k (18,576)");
  assert.equal(value(text, "shape"), "1 layer of 48, context 128 tokens");
  assert.equal(value(text, "tokenizer"), "byte-level BPE, 64 entries; BOS <|b|>; EOS <|e|>");
  assert.equal(value(text, "weights"), "safetensors, 75.4 kB in model.safetensors; F32: 32.00 bits a weight");
  // Twice the 18,432 numbers of matrices, and 4 x 48 for each of 2 and of 128 keys.
  assert.equal(value(text, "FLOPs a token"), "37.2 k at the start, 61.4 k behind 128 tokens");
  assert.equal(value(text, "cache a token"), "128 bytes");
  assert.equal(value(text, "licence"), "not named; ask who made it");
  assert.match(text, /^ {2}1 x attention, 3 heads of 16, 1 of keys; SwiGLU 64$/m);
  assert.match(text, /^fp32 +cpu +74\.3 kB +[\d.]+ MB +yes +[\d.]+ to [\d.]+$/m);
  assert.match(text, /^bf16 +none yet/m);
});

Deno.test("the card of a GGUF names its mix of formats, licence and chat template", async () => {
  await inTempFolder(async (folder) => {
    const path = join(folder, "m.gguf");
    const more = { "general.license": "mit", "tokenizer.chat_template": "{{ messages }}" };
    await Deno.writeFile(path, ggufBytes(llamaMetadata(more), llamaTensors()));
    const text = await textOf(path);
    assert.equal(value(text, "licence"), "mit (by the file)");
    assert.equal(value(text, "chat template"), "yes, 14 characters");
    assert.match(value(text, "weights")!, /^GGUF, [\d.]+ kB in m\.gguf; F32: 32\.00 bits a weight$/);
    assert.match(value(text, "tokenizer")!, /^byte-level BPE, 4 entries; no BOS; EOS <eos>$/);
  });
});

Deno.test("the card of a model of the hub is made of headers: no weights are fetched", async () => {
  const files: Record<string, Uint8Array> = {};
  for (const name of await readdir(TIED)) files[name] = await Deno.readFile(join(TIED, name));
  await using _hub = await hubServer({}, { models: { "o/tiny": files } });
  const text = await textOf("hf:o/tiny");
  assert.match(text, /^tiny \(hf:o\/tiny\)$/m);
  assert.equal(value(text, "source"), `hf:o/tiny, main is commit ${COMMIT.slice(0, 12)}`);
  assert.equal(value(text, "licence"), "apache-2.0 (by its card on the hub)");
  assert.equal(value(text, "tokenizer"), value(await textOf(TIED), "tokenizer"));
  const fetched = await readdir(cacheDir("hub", "models--o--tiny", COMMIT));
  assert.ok(!fetched.includes("model.safetensors"), `${fetched}`);
});

Deno.test("specs and names of the zoo have cards, of the sizes that are known of them", async () => {
  const text = await textOf("mixtral-8x7b", { contextLength: 4096 });
  assert.match(value(text, "parameters")!, /^46\.7 B, 12\.9 B for each token/); // Jiang et al. 2024 (arXiv 2401.04088)
  assert.equal(value(text, "weights"), "random, seed 0");
  assert.match(text, /one sequence of 4,096 tokens/);
  assert.equal(await textOf({ ref: zoo("mixtral-8x7b"), precision: "int4" }, { contextLength: 4096 }), text);
});

Deno.test("the catalogue's model has its weights, tokenizer and licence on its card", async () => {
  const text = await textOf("smollm2-135m");
  assert.equal(value(text, "parameters"), "135 M (134,515,008)");
  assert.equal(value(text, "licence"), "Apache-2.0 (by the catalogue)");
  assert.match(value(text, "weights")!, /^GGUF Q4_1.*bits a weight$/);
  assert.match(value(text, "tokenizer")!, /^byte-level BPE, 49,152 entries; BOS .*; EOS <\|im_end\|>/);
  assert.match(text, /^stored +cpu/m);
});

Deno.test("names in a card are text", async () => {
  for (const name of HOSTILE_NAMES) {
    const { bundle } = await modelCard({ ...zoo("smollm2-135m"), name });
    assert.ok(!/<(script|img|b)\b/i.test(bundle["text/html"] as string), name);
  }
});

Deno.test("a card refuses options that are not known, and a context that the model has not", async () => {
  await assert.rejects(
    modelCard(TIED, { contextLengt: 4 } as CardOptions),
    /contextLengt.*did you mean "?contextLength/,
  );
  await assert.rejects(modelCard(TIED, { contextLength: 999 }), {
    name: "RangeError",
    message: /at 999 tokens.* is 128/,
  });
  await assert.rejects(modelCard(TIED, { hardware: "Raspberry Pi 55" }), {
    name: "RangeError",
    message: /Raspberry Pi 5/,
  });
  await assert.rejects(modelCard({} as ModelRef), TypeError);
});
