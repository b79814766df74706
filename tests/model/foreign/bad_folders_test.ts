/** Folders that nobody vouches for, or that did not come whole: refused before their bytes are used, with what to do. */
import assert from "node:assert/strict";
import { cp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openModel } from "../../../lib/model/open_model.ts";
import { GraphBuilder } from "../../../lib/onnx/graph_builder.ts";
import { inFolder } from "./in_folder.ts";
import { CONTEXT, VOCAB, writeTiny } from "./tiny_decoder.ts";

const CONFIG = JSON.stringify({ model_type: "tiny", max_position_embeddings: CONTEXT, vocab_size: VOCAB });

/** A folder whose weights lie beside its graph. */
async function withModel(use: (folder: string) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    await writeFile(join(folder, "config.json"), CONFIG);
    await writeTiny(join(folder, "model.onnx"), { data: ["model.onnx_data"] });
    await use(folder);
  });
}

const refused = (folder: string, name: string, message: RegExp) =>
  assert.rejects(openModel({ ref: folder, format: "onnx" }, { threads: 1 }), { name, message });

Deno.test("a folder without a graph", () =>
  inFolder(async (folder) => {
    await writeFile(join(folder, "config.json"), CONFIG);
    await refused(folder, "NotFound", /as ONNX: it has no \.onnx file; pass a folder that has one/);
    await writeFile(join(folder, "model.onnx.part"), "half of it");
    await refused(
      folder,
      "NotFound",
      /no \.onnx file \(model\.onnx\.part: a download that did not end; fetch it again\)/,
    );
  }));

Deno.test("weights that are not there, or not all of them", () =>
  withModel(async (folder) => {
    const data = join(folder, "model.onnx_data"), bytes = await readFile(data);
    await writeFile(data, bytes.subarray(0, bytes.length - 1));
    const short =
      /ends at byte 2816 of model\.onnx_data, which has 2815|lies at 2560 \+ 256 in model\.onnx_data, which has 2815/;
    await refused(folder, "SyntaxError", short);
    await rename(data, `${data}.incomplete`);
    await refused(
      folder,
      "NotFound",
      /in model\.onnx_data, and there is no such file \(model\.onnx_data\.incomplete: a download that did not end;/,
    );
  }));

Deno.test("a graph that did not come whole, or is none", () =>
  withModel(async (folder) => {
    const path = join(folder, "model.onnx"), bytes = await readFile(path);
    for (const end of [1, 100, bytes.length - 1]) {
      await writeFile(path, bytes.subarray(0, end));
      await refused(folder, "SyntaxError", /model\.onnx: (not an ONNX model|it has no graph)/);
    }
    await writeFile(path, "");
    await refused(folder, "SyntaxError", /an ONNX file has 1 byte to 2 GiB, this one 0/);
    await writeFile(path, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 123\n");
    await refused(
      folder,
      "SyntaxError",
      /model\.onnx: it is a pointer of Git LFS, not the file; get that by "git lfs pull"/,
    );
  }));

/** A graph whose table is said to lie in a file. */
function graphWith(at: { location: string; offset: number; length: number }, shape = [4, 4]): Uint8Array {
  const g = new GraphBuilder("lies");
  g.input("ids", "int64", ["batch", "tokens"]);
  g.output("logits", "float32", ["batch", "tokens", 4]);
  g.node("Gather", [g.weight("table", "float32", shape, at), "ids"], {}, { outputs: ["logits"] });
  return g.model();
}

Deno.test("sizes and places that lie are refused before a byte of the weights is read", () =>
  withModel(async (folder) => {
    const path = join(folder, "model.onnx"), outside = `${folder}.outside`, at = { offset: 0, length: 64 };
    await writeFile(outside, new Uint8Array(64));
    try {
      const lies: [Uint8Array, RegExp][] = [
        [graphWith({ ...at, location: outside }), /lies in ".*outside"; a file in the model's folder is expected/],
        [graphWith({ ...at, location: "../x.outside" }), /lies in "\.\.\/x\.outside"; a file in the model's folder/],
        [graphWith({ ...at, location: "model.onnx_data", offset: 2 ** 40 }), /1099511627776 \+ 64 in model\.onnx_data/],
        [graphWith({ ...at, location: "model.onnx_data", length: 32 }), /needs 64 bytes, its external length is 32/],
        [
          graphWith({ ...at, location: "model.onnx_data" }, [2 ** 30, 2 ** 30]),
          /has the shape \[1073741824,1073741824\]/,
        ],
      ];
      for (const [bytes, message] of lies) {
        await writeFile(path, bytes);
        await refused(folder, "SyntaxError", message);
      }
      await rm(join(folder, "model.onnx_data"));
      await symlink(outside, join(folder, "model.onnx_data"));
      await writeFile(path, graphWith({ ...at, location: "model.onnx_data" }));
      await refused(folder, "SyntaxError", /model\.onnx_data, .* is a link to .*outside, out of the model's folder/);
    } finally {
      await rm(outside);
    }
  }));

Deno.test("a tokenizer of another size, and a model whose context nothing tells", () =>
  withModel(async (folder) => {
    const words = Object.fromEntries(Array.from({ length: VOCAB + 1 }, (_, id) => [String.fromCodePoint(97 + id), id]));
    const json = { version: "1.0", added_tokens: [], model: { type: "WordLevel", vocab: words, unk_token: "a" } };
    await writeFile(join(folder, "tokenizer.json"), JSON.stringify(json));
    await refused(folder, "RangeError", /has ids up to 16, and the model's vocabSize is 16/);
    await rm(join(folder, "tokenizer.json"));
    await writeFile(join(folder, "config.json"), JSON.stringify({ model_type: "tiny" }));
    await refused(folder, "TypeError", /no config\.json or genai_config\.json beside it says how long its context is/);
  }));

Deno.test("a folder that is reached by a link opens as the folder does, as the hub's cache is laid out", () =>
  withModel(async (folder) => {
    const blobs = join(folder, "blobs"), snapshot = join(folder, "snapshot");
    await Deno.mkdir(blobs);
    await Deno.mkdir(snapshot);
    for (const name of ["config.json", "model.onnx", "model.onnx_data"]) {
      await cp(join(folder, name), join(blobs, `hash-of-${name}`));
      await symlink(join(blobs, `hash-of-${name}`), join(snapshot, name));
    }
    const model = await openModel({ ref: snapshot }, { threads: 1 });
    assert.equal(model.info.source, "model.onnx");
    await model.close();
  }));
