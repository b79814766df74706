/** Exported folders, run as their readers run them: by names and shapes alone. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ArchSpec, AttentionSpec } from "../../lib/arch/spec.ts";
import { Tokenizer } from "tokenizers";
import { resolveModel } from "../../lib/arch/resolve.ts";
import { exportedTokenizer } from "../../lib/model/export_tokenizer.ts";
import gemma from "../golden/generation_gemma3.json" with { type: "json" };
import { openTokenizer } from "../../lib/model/tokenizer.ts";
import { exportModel } from "../../lib/model/export.ts";
import { openModel } from "../../lib/model/open_model.ts";
import { type Feeds, floats, int64s, openSession } from "../../lib/model/session.ts";
import { tinySpec } from "./tiny_spec.ts";

const gpt2Like = tinySpec({
  name: "tiny GPT-2",
  norm: { kind: "layernorm", epsilon: 1e-5 },
  position: { kind: "learned" },
  layers: Array.from({ length: 2 }, () => ({
    mixer: { kind: "attention", heads: 4, kvHeads: 4, headDim: 16, qkvBias: true, outputBias: true },
    channel: { kind: "gelu", intermediateSize: 128, bias: true },
  })),
});

/** Greedy ids by the exported graph, fed as transformers.js does: prompt, then one token at a time. */
async function greedyOf(folder: string, spec: ArchSpec, prompt: number[], newTokens: number): Promise<number[]> {
  const session = await openSession(join(folder, "onnx", "model.onnx"), { provider: "cpu", threads: 1 });
  const states = spec.layers.flatMap((_, i) => [`${i}.key`, `${i}.value`]);
  const { kvHeads, headDim } = spec.layers[0].mixer as AttentionSpec;
  let feeds: Feeds = Object.fromEntries(
    states.map((name) => [`past_key_values.${name}`, floats(new Float32Array(0), [1, kvHeads, 0, headDim])]),
  );
  const ids = [...prompt];
  try {
    for (let fresh = prompt; ids.length < prompt.length + newTokens; fresh = ids.slice(-1)) {
      feeds.input_ids = int64s(fresh, [1, fresh.length]);
      feeds.attention_mask = int64s(ids.map(() => 1), [1, ids.length]);
      const out = await session.run(feeds, ["logits", ...states.map((name) => `present.${name}`)]);
      const last = (out.logits.data as Float32Array).subarray(-spec.vocabSize);
      ids.push(last.indexOf(Math.max(...last)));
      feeds = Object.fromEntries(states.map((name) => [`past_key_values.${name}`, out[`present.${name}`]]));
    }
  } finally {
    await session.release();
  }
  return ids.slice(prompt.length);
}

Deno.test("an exported model gives the same greedy ids when other names feed it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "export-"));
  try {
    for (const spec of [tinySpec(), tinySpec({ name: "windowed" }, 5), gpt2Like]) {
      const to = join(folder, spec.name), ref = { ref: spec, seed: 3 };
      const { files } = await exportModel(ref, to);
      assert.ok(files.includes("onnx/model.onnx") && files.includes("tokenizer.json"));
      const model = await openModel(ref, { threads: 1 });
      const prompt = [10, 200, 33, 7, 99, 150];
      const [{ ids }] = await model.generate(prompt, { maxNewTokens: 20, ignoreEos: true });
      await model.close();
      assert.deepEqual(await greedyOf(to, spec, prompt, 20), ids, spec.name);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

Deno.test("the byte tokenizer is exported as one that reads the same ids", async () => {
  const folder = await mkdtemp(join(tmpdir(), "export-"));
  try {
    await exportModel(tinySpec(), folder);
    const json = JSON.parse(await readFile(join(folder, "tokenizer.json"), "utf8"));
    const tokenizer = openTokenizer(() => ({ tokenizer: json, bosId: 256, eosId: 257, endIds: [257], addsBos: false }));
    const text = "Größe: 3 µm\n\t\u{1F600}";
    assert.deepEqual(await tokenizer.encode(text), [...new TextEncoder().encode(text)]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

Deno.test("a model that other runtimes cannot carry is refused before anything is written", async () => {
  const int8 = tinySpec({ kvCache: "int8" });
  await assert.rejects(exportModel(int8, "/nowhere"), {
    name: "TypeError",
    message: /Cannot export tiny: its keys and values are int8/,
  });
  const layer = {
    mixer: { kind: "convolution", kernel: 3 },
    channel: { kind: "swiglu", intermediateSize: 96 },
  } as const;
  const hybrid = tinySpec({ layers: [...tinySpec().layers, layer] });
  await assert.rejects(exportModel(hybrid, "/nowhere"), { message: /layer 3 is convolution, and onnxruntime-genai/ });
  const [{ mixer }] = tinySpec().layers, shifted = { mixer, channel: { kind: "rwkv", intermediateSize: 96 } } as const;
  await assert.rejects(exportModel(tinySpec({ layers: [shifted] }), "/nowhere"), { message: /layer 0 is rwkv, and/ });
});

Deno.test("readers put BOS in front of texts where the model was trained with it, and know its name", async () => {
  const { files } = await exportedTokenizer(await resolveModel("gemma3-270m"));
  const { bos_token, eos_token, add_bos_token } = files["tokenizer_config.json"];
  assert.deepEqual([bos_token, eos_token, add_bos_token], ["<bos>", "<eos>", true]);
  const reader = Tokenizer.fromString(JSON.stringify(files["tokenizer.json"]));
  for (const { prompt, ids } of gemma.cases) assert.deepEqual((await reader.encode(prompt)).getIds(), ids); // of transformers

  const chat = await exportedTokenizer(await resolveModel("smollm2-135m"));
  assert.equal(chat.files["tokenizer.json"].post_processor, null); // trained without
  assert.equal(chat.files["tokenizer_config.json"].eos_token, "<|im_end|>");
});
