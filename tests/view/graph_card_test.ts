/** Cards of graphs that other programs made. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ModelRef } from "../../lib/arch/model_ref.ts";
import { textWidth } from "../../lib/progress.ts";
import { GraphBuilder } from "../../lib/onnx/graph_builder.ts";
import { type CardOptions, modelCard } from "../../lib/view/model_card.ts";
import { withExported } from "../arch/exported_folder.ts";
import { inTempFolder } from "../arch/temp_folder.ts";
import { sharedFolder } from "../shared.ts";

const shared = sharedFolder("models");

async function cardOf(ref: ModelRef, options?: CardOptions) {
  const { bundle } = await modelCard(ref, options), text = bundle["text/plain"] as string;
  for (const line of text.split("\n")) assert.ok(textWidth(line) <= 80, line);
  const value = (label: string) =>
    new RegExp(`^${label} +([^]*?)\n(?=\\S|\n)`, "m").exec(text)?.[1].replace(/\s+/g, " ");
  return { text, value, html: bundle["text/html"] as string };
}

Deno.test("the card of an exported folder: operators, opset, inputs, files, how it decodes, and what runs", () =>
  withExported(async (folder, file) => {
    const { text, value } = await cardOf(folder, { hardware: "Raspberry Pi 5" });
    assert.match(value("graph")!, /^ONNX of llama, \d+ nodes: 15 MatMul, .*; opset ai\.onnx 21, com\.microsoft 1$/);
    assert.equal(value("parameters"), "109 k (109,120), 441 kB of fp32");
    assert.equal(value("shape"), "3 layers, 4 heads, 2 of keys, of 16, context 64 tokens, vocabulary 258");
    assert.equal(
      value("reads"),
      "input_ids (int64), attention_mask, 6 caches float32 [2 × tokens × 16]; gives logits (float32)",
    );
    assert.match(
      value("files")!,
      /^model\.onnx, [\d.]+ kB; model\.onnx_data, [\d.]+ kB; model\.onnx_data_1, [\d.]+ kB$/,
    );
    assert.equal(value("decodes"), "by a run of the graph for each token; it runs as it was made");
    assert.equal(value("FLOPs a token"), "219 k at the start, 266 k behind 64 tokens");
    assert.equal(value("cache a token"), "768 bytes"); // 2 x 3 layers x 2 heads x 16 x 4 bytes
    assert.match(text, /^fp32 +cpu +441 kB +[\d.]+ MB +yes +[\d.]+ to [\d.]+$/m);
    assert.match((await cardOf(file)).text, /6 caches float32/);
    await assert.rejects(modelCard(folder, { contextLength: 65 }), /the context of .* is 64/);
  }));

/** An operator that nobody knows, behind a table. */
function strangeGraph(): Uint8Array {
  const g = new GraphBuilder("strange");
  g.input("ids", "int32", ["batch", "tokens"]);
  g.output("logits", "float32", ["batch", "tokens", 4]);
  const rows = g.node("Gather", [g.literal("float32", [4, 4], new Array(16).fill(1)), "ids"]);
  g.node("<i>Entangle", [rows], {}, { outputs: ["logits"] });
  return g.model();
}

Deno.test("a graph whose operators are not known has a card that says so, and names in it are text", () =>
  inTempFolder(async (folder) => {
    const config = { max_position_embeddings: 16, vocab_size: 4, model_type: "strange" };
    await writeFile(join(folder, "config.json"), JSON.stringify(config));
    await writeFile(join(folder, "model.onnx"), strangeGraph());
    const { text, value, html } = await cardOf(folder);
    assert.match(value("FLOPs a token")!, /^not known: Cannot count the cost of node .*Entangle/);
    assert.match(value("reads")!, /whole sequences: it has no caches/);
    assert.match(text, /no picture: [^]*model_type is\s+"strange"/);
    assert.match(text, /^fp32 +not known .* — +not known$/m);
    assert.ok(!html.includes("<i>") && html.includes("&lt;i&gt;Entangle"));
  }));

if (shared !== null) {
  Deno.test("cards of optimum's and onnxruntime-genai's folders: a picture where config.json tells it, twice stored heads, blocks", async () => {
    const optimum = await cardOf({ ref: join(shared, "llama-optimum"), format: "onnx" });
    assert.match(
      optimum.value("parameters")!,
      /^103 k \(102,592\), 476 kB of fp32; .* hold the same 66\.0 kB, compared/,
    );
    assert.match(optimum.text, /^ {2}2 x attention, 4 heads of 16, 2 of keys; SwiGLU 160$/m);
    assert.match(optimum.html, /<svg/);
    const genai = await cardOf(join(shared, "llama-genai-int4"));
    assert.match(genai.value("parameters")!, /^103 k \(102,848\), 98\.1 kB: int4 99\.7 %, fp32 0\.3 %$/);
    assert.match(genai.text, /no picture: there is no config\.json/);
  });
}
