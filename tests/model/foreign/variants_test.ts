/** Folders with several graphs of one model, or several forms of it: which runs, and what the result says of the others. */
import assert from "node:assert/strict";
import { cp, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { resolveGraph } from "../../../lib/arch/foreign/resolve_graph.ts";
import { resolveAny } from "../../../lib/arch/resolve_any.ts";
import { isResolvedGraph } from "../../../lib/arch/foreign/resolved_graph.ts";
import type { Precision } from "../../../lib/arch/model_ref.ts";
import { openModel } from "../../../lib/model/open_model.ts";
import { GraphBuilder, MS } from "../../../lib/onnx/graph_builder.ts";
import { inFolder } from "./in_folder.ts";
import { tinyGreedy, writeTiny } from "./tiny_decoder.ts";

const CONFIG = JSON.stringify({ model_type: "table", max_position_embeddings: 16, vocab_size: 4 });
type Form = "float32" | "float16" | "uint8" | "int4" | "bnb4";

/** A graph whose logits are a product with weights of a form; it is looked at and not run. */
function graphOf(form: Form): Uint8Array {
  const g = new GraphBuilder("variant"), zeros = (count: number) => new Array<number>(count).fill(0);
  g.input("input_ids", "int64", ["batch", "tokens"]);
  g.output("logits", "float32", ["batch", "tokens", 4]);
  const hidden = g.node("Gather", [g.constant("table", "float32", [400, 64], zeros(400 * 64)), "input_ids"]);
  if (form === "int4" || form === "bnb4") {
    const scales = g.constant("scales", "float32", [4, 2], zeros(8)), bits = { K: 64, N: 4, block_size: 32, bits: 4 };
    const packed = g.constant("packed", "uint8", [4, 2, 16], zeros(128));
    const [op, attributes] = form === "int4" ? ["MatMulNBits", bits] : ["MatMulBnb4", { ...bits, quant_type: 1 }];
    g.node(op as string, [hidden, packed, scales], attributes as Record<string, number>, {
      domain: MS,
      outputs: ["logits"],
    });
  } else {
    const weights = g.constant("weights", form, [64, 4], zeros(256));
    g.node("MatMul", [hidden, g.node("Cast", [weights], { to: 1 })], {}, { outputs: ["logits"] });
  }
  return g.model();
}

/** Folder with these graphs in its folder "onnx". */
async function withGraphs(graphs: Record<string, Form>, use: (folder: string) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    await writeFile(join(folder, "config.json"), CONFIG);
    await Deno.mkdir(join(folder, "onnx"));
    for (const [name, form] of Object.entries(graphs)) await writeFile(join(folder, "onnx", name), graphOf(form));
    await use(folder);
  });
}

async function chosen(folder: string, precision?: Precision): Promise<[string, string]> {
  const graph = await resolveGraph({ ref: folder, precision });
  return [basename(graph!.path), graph!.weights.type];
}

Deno.test("precision chooses among a folder's graphs; without it the plain one runs, and the others are named", () =>
  withGraphs({
    ...{ "model.onnx": "float32", "model_fp16.onnx": "float16", "model_quantized.onnx": "uint8" },
    ...{ "model_q4.onnx": "int4", "model_q4f16.onnx": "int4", "model_bnb4.onnx": "bnb4" },
  }, async (folder) => {
    assert.deepEqual(await chosen(folder), ["model.onnx", "fp32"]);
    assert.deepEqual(await chosen(folder, "fp32"), ["model.onnx", "fp32"]);
    assert.deepEqual(await chosen(folder, "fp16"), ["model_fp16.onnx", "fp16"]);
    assert.deepEqual(await chosen(folder, "int8"), ["model_quantized.onnx", "int8"]);
    assert.deepEqual(await chosen(folder, "int4"), ["model_q4.onnx", "int4"]);
    assert.deepEqual(await chosen(folder, "stored"), ["model.onnx", "fp32"]);
    const { notes } = (await resolveGraph({ ref: folder, precision: "int4" }))!;
    assert.match(
      notes!.join(),
      /^model_q4\.onnx ran, and its folder holds onnx\/model\.onnx, onnx\/model_bnb4\.onnx, /,
    );
    const file = await resolveGraph(join(folder, "onnx", "model_q4f16.onnx"));
    assert.deepEqual([file!.name, file!.weights.type], [basename(folder), "int4"]);
  }));

Deno.test("a precision that no graph has is refused with those that there are", () =>
  withGraphs({ "model_int8.onnx": "uint8", "model_bnb4.onnx": "bnb4" }, async (folder) => {
    assert.deepEqual(await chosen(folder), ["model_int8.onnx", "int8"]);
    assert.deepEqual(await chosen(folder, "int4"), ["model_bnb4.onnx", "int4"]);
    const message =
      /in fp16: it has several graphs \(onnx\/model_bnb4\.onnx, onnx\/model_int8\.onnx\), and none is called/;
    await assert.rejects(resolveGraph({ ref: folder, precision: "fp16" }), { name: "RangeError", message });
    const path = join(folder, "onnx", "model_int8.onnx");
    await assert.rejects(resolveGraph({ ref: path, precision: "fp32" }), {
      name: "RangeError",
      message: /in fp32: a graph made elsewhere runs as it is, and its weights are int8; leave the precision out/,
    });
  }));

Deno.test("two models in one folder are refused, and each opens by its path", () =>
  withGraphs({ "a.onnx": "float32", "b.onnx": "float16" }, async (folder) => {
    await assert.rejects(resolveGraph(folder), {
      name: "TypeError",
      message:
        /several graphs \(onnx\/a\.onnx, onnx\/b\.onnx\), and none is called model\.onnx; pass the file itself, e\.g\./,
    });
    assert.equal((await resolveGraph(join(folder, "onnx", "b.onnx")))!.weights.type, "fp16");
  }));

Deno.test("a folder that holds both forms says which ran, and how the other opens", () =>
  inFolder(async (folder) => {
    await cp(join(import.meta.dirname!, "..", "..", "cases", "folders", "tied"), folder, { recursive: true });
    const alone = await resolveAny(folder);
    assert.equal(alone.notes, undefined);
    await writeTiny(join(folder, "onnx", "model.onnx"));
    const own = await openModel(folder, { threads: 1 });
    assert.deepEqual([own.info.source, own.info.warnings], [
      "model.safetensors",
      ['model.safetensors ran, and its folder holds onnx/model.onnx too, which open by format: "onnx"'],
    ]);
    await own.close();
    const graph = await openModel({ ref: folder, format: "onnx", tokenizer: "bytes" }, { threads: 1 });
    assert.deepEqual([graph.info.source, graph.info.warnings], [
      "model.onnx",
      ['model.onnx ran, and its folder holds model.safetensors too, which opens by format: "safetensors"'],
    ]);
    assert.deepEqual(
      (await graph.generate([3, 9, 1], { maxNewTokens: 6, ignoreEos: true }))[0].ids,
      tinyGreedy([3, 9, 1], 6),
    );
    await graph.close();
    assert.ok(!isResolvedGraph(await resolveAny({ ref: folder, format: "safetensors" })));
  }));
