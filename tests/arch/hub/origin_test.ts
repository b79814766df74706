import assert from "node:assert/strict";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { resolveModel, resolveSpec } from "../../../lib/arch/resolve.ts";
import { weightsOf } from "../../../lib/arch/weights_of.ts";
import { openSafetensors, readTensor } from "../../../lib/arch/safetensors.ts";
import type { ModelRef } from "../../../lib/arch/model_ref.ts";
import { estimateFlops } from "../../../lib/cost/flops.ts";
import { willItRun } from "../../../lib/cost/will_it_run.ts";
import { ArchitectureBenchmark } from "../../../lib/measure/architecture_benchmark.ts";
import { startHost } from "../../../lib/model/host.ts";
import { openModel } from "../../../lib/model/open_model.ts";
import { cacheDir } from "../../../lib/store/paths.ts";
import { COMMIT, hubServer, setEnv } from "../../store/hub_server.ts";
import { ggufBytes, llamaMetadata, llamaTensors } from "../gguf_writer.ts";
import { CONTEXT, tinyGreedy, VOCAB, writeTiny } from "../../model/foreign/tiny_decoder.ts";
import { f32, safetensorsBytes, type TestTensor } from "../safetensors_writer.ts";

const TIED = join(import.meta.dirname!, "..", "..", "cases", "folders", "tied");

/** The files of a folder as a repository has them, with some that no model needs. */
async function repositoryOf(folder: string): Promise<Record<string, Uint8Array | string>> {
  const files: Record<string, Uint8Array | string> = { "README.md": "# A model", "pytorch_model.bin": "not read" };
  for (const name of await readdir(folder)) files[name] = await Deno.readFile(join(folder, name));
  return files;
}

/** The same weights in two files with an index. */
async function sharded(folder: string): Promise<Record<string, Uint8Array | string>> {
  const files = await repositoryOf(folder), file = await openSafetensors(join(folder, "model.safetensors"));
  delete files["model.safetensors"];
  const parts: Record<string, TestTensor>[] = [{}, {}], weight_map: Record<string, string> = {};
  for (const [i, [name, { shape }]] of [...file.tensors].entries()) {
    parts[i % 2][name] = f32(shape, await readTensor(file, name));
    weight_map[name] = `model-0000${i % 2 + 1}-of-00002.safetensors`;
  }
  parts.forEach((part, i) => files[`model-0000${i + 1}-of-00002.safetensors`] = safetensorsBytes(part));
  files["model.safetensors.index.json"] = JSON.stringify({ weight_map });
  return files;
}

async function greedy(ref: ModelRef): Promise<{ ids: number[]; info: Awaited<ReturnType<typeof openModel>>["info"] }> {
  const model = await openModel(ref, { threads: 1 });
  try {
    const [{ ids }] = await model.generate([3, 1, 2], { maxNewTokens: 12, ignoreEos: true });
    return { ids, info: model.info };
  } finally {
    await model.close();
  }
}

Deno.test("a model of the hub gives the ids of its folder, in one file or in shards, and offline afterwards", async () => {
  const models = { "o/tiny": await repositoryOf(TIED), "o/shards": await sharded(TIED) };
  await using hub = await hubServer({}, { models });
  const want = await greedy(TIED);
  const { ids, info } = await greedy("hf:o/tiny");
  assert.deepEqual(ids, want.ids);
  assert.deepEqual([info.name, info.architecture, info.parameters], ["tiny", "tiny", want.info.parameters]);
  assert.deepEqual(info.hub, { repo: "o/tiny", revision: "main", commit: COMMIT, license: "apache-2.0" });
  assert.equal(info.source, `model.safetensors of hf:o/tiny at ${COMMIT.slice(0, 12)}`);
  assert.deepEqual((await greedy("hf:o/shards")).ids, want.ids);
  assert.ok(!hub.asked.some((path) => /README|pytorch_model/.test(path)), "only what is needed is fetched");
  const asked = hub.asked.length, restore = setEnv({ HF_HUB_OFFLINE: "1" });
  try {
    assert.deepEqual((await greedy({ ref: `hf:o/tiny@${COMMIT}`, precision: "fp32" })).ids, want.ids);
    await assert.rejects(openModel("hf:o/never"), { name: "NotCachedError", message: /hf:o\/never.*HF_HUB_OFFLINE/ });
  } finally {
    restore();
  }
  assert.equal(hub.asked.length, asked);
});

Deno.test("GGUF of the hub: the file that is asked for, or all of its parts", async () => {
  const tensors = llamaTensors(), whole = ggufBytes(llamaMetadata(), tensors);
  const split = (no: number) => ({ "split.no": no, "split.count": 2, "split.tensors.count": tensors.length });
  const models = {
    "o/gguf": {
      "m-F32.gguf": whole,
      "parts/m-00001-of-00002.gguf": ggufBytes({ ...llamaMetadata(), ...split(0) }, tensors.slice(0, 5)),
      "parts/m-00002-of-00002.gguf": ggufBytes(split(1), tensors.slice(5)),
    },
  };
  await using hub = await hubServer({}, { models });
  const path = join(cacheDir(), "local.gguf");
  await Deno.writeFile(path, whole);
  const want = await greedy(path);
  const { ids, info } = await greedy("hf:o/gguf/m-F32.gguf");
  assert.deepEqual([ids, info.name, info.hub?.commit], [want.ids, "m-F32", COMMIT]);
  assert.ok(!hub.asked.some((path) => path.includes("/parts/")));
  const model = await openModel({ ref: path, tokenizer: "hf:o/gguf/parts/m-00001-of-00002.gguf" }, { threads: 1 });
  assert.deepEqual(await model.tokenizer.encode("abba"), [2, 1, 0]); // of headers alone
  await model.close();
  assert.deepEqual((await greedy("hf:o/gguf/parts")).ids, want.ids);
  await assert.rejects(
    openModel("hf:o/gguf/m-Q4.gguf"),
    /pass one of hf:o\/gguf\/m-F32\.gguf \(0\.0 MB\), hf:o\/gguf\/parts/,
  );
});

Deno.test("costs ask for headers alone, and what cannot be opened is refused before its weights are fetched", async () => {
  const tied = await repositoryOf(TIED),
    config = JSON.parse(new TextDecoder().decode(tied["config.json"] as Uint8Array));
  const models = {
    "o/tiny": tied,
    "o/other": { ...tied, "config.json": JSON.stringify({ ...config, model_type: "unheard_of" }) },
    "o/gguf": { "m.gguf": ggufBytes(llamaMetadata(), llamaTensors()) },
  };
  await using hub = await hubServer({}, { models });
  const here = await resolveSpec(TIED);
  const { name: _, ...spec } = await resolveSpec("hf:o/tiny");
  assert.deepEqual(spec, (({ name: _, ...rest }) => rest)(here));
  assert.equal(
    (await estimateFlops("hf:o/tiny", { promptTokens: 4 })).total,
    (await estimateFlops(TIED, { promptTokens: 4 })).total,
  );
  const setting = { promptTokens: 4, newTokens: 2, hardware: "Raspberry Pi 5" };
  const answer = await willItRun("hf:o/gguf", setting);
  assert.equal(answer.parameters, (await willItRun("hf:o/gguf/m.gguf", setting)).parameters);
  await assert.rejects(openModel("hf:o/other"), {
    name: "TypeError",
    message: /hf:o\/other\/config\.json.*model_type is "unheard_of"/,
  });
  assert.equal(hub.ranges.filter((range) => range?.startsWith("bytes=0-")).length, 3); // a header of each
  for (const [repo, weights] of [["tiny", "model.safetensors"], ["other", "model.safetensors"], ["gguf", "m.gguf"]]) {
    const fetched = await stat(cacheDir("hub", `models--o--${repo}`, COMMIT, weights)).then(() => true, () => false);
    assert.ok(!fetched, `the weights of ${repo} were fetched`);
  }
  const headers = await resolveModel("hf:o/tiny", {}, "headers");
  await assert.rejects(weightsOf(headers), /only headers were fetched/);
  assert.deepEqual((await greedy("hf:o/tiny")).ids, (await greedy(TIED)).ids); // the whole is fetched all the same
});

/** A repository with a graph in its folder "onnx" whose weights lie in two files, and a second graph. */
async function graphRepository(): Promise<Record<string, Uint8Array | string>> {
  const folder = join(cacheDir(), "graph"), files: Record<string, Uint8Array | string> = {};
  await writeTiny(join(folder, "model.onnx"), { data: ["model.onnx_data", "weights.bin"] });
  for (const name of await readdir(folder)) files[`onnx/${name}`] = await Deno.readFile(join(folder, name));
  files["config.json"] = JSON.stringify({ model_type: "tiny", max_position_embeddings: CONTEXT, vocab_size: VOCAB });
  return { ...files, "onnx/model_q4.onnx": "another graph", "README.md": "# A model" };
}

Deno.test("ONNX of the hub runs as it is: its graph, the files that it says its weights are in, and no others", async () => {
  const graph = await graphRepository(), both = { ...graph, ...await repositoryOf(TIED) };
  await using hub = await hubServer({}, { models: { "o/graph": graph, "o/both": both } });
  const want = tinyGreedy([3, 1, 2], 12);
  const { ids, info } = await greedy("hf:o/graph");
  assert.deepEqual([ids, info.name, info.source, info.hub?.commit], [want, "graph", "model.onnx", COMMIT]);
  assert.deepEqual((await greedy("hf:o/graph/onnx/model.onnx")).ids, want);
  assert.ok(hub.asked.some((path) => path.endsWith("/onnx/weights.bin")));
  assert.ok(!hub.asked.some((path) => /README|_q4/.test(path)), "only what is needed is fetched");
  const host = await startHost("hf:o/graph", { threads: 1 });
  assert.deepEqual((await host.generate([3, 1, 2], { maxNewTokens: 12, ignoreEos: true }))[0].ids, want);
  await host.close();
  assert.deepEqual((await greedy({ ref: "hf:o/both", format: "onnx", tokenizer: "bytes" })).ids, want);
  assert.equal((await greedy("hf:o/both")).info.source, `model.safetensors of hf:o/both at ${COMMIT.slice(0, 12)}`);
  const asked = hub.asked.length, restore = setEnv({ HF_HUB_OFFLINE: "1" });
  try {
    assert.deepEqual((await greedy("hf:o/graph")).ids, want);
  } finally {
    restore();
  }
  assert.equal(hub.asked.length, asked);
  await assert.rejects(
    openModel({ ref: "hf:o/graph", precision: "fp16" }),
    /and none is called after fp16; pass one of hf:o/,
  );
});

Deno.test("ONNX of the hub is not fetched where an architecture is asked for", async () => {
  const models = { "o/onnx": { "config.json": "{}", "onnx/model.onnx": "graph", "onnx/model_q4.onnx": "graph" } };
  await using hub = await hubServer({}, { models });
  const message = /hf:o\/onnx: it is ONNX \(onnx\/model\.onnx\), a graph that openModel and startHost run as it is/;
  await assert.rejects(resolveSpec("hf:o/onnx"), message);
  await assert.rejects(openModel({ ref: "hf:o/onnx", format: "safetensors" }), message);
  assert.deepEqual(hub.ranges, []);
});

Deno.test("tokenizer and weights of a reference may lie on the hub", async () => {
  await using _hub = await hubServer({}, { models: { "o/tiny": await repositoryOf(TIED) } });
  const spec = await resolveSpec(TIED), want = await greedy(TIED);
  assert.deepEqual((await greedy({ ref: spec, weights: "hf:o/tiny", tokenizer: "hf:o/tiny" })).ids, want.ids);
  const model = await openModel({ ref: spec, tokenizer: "hf:o/tiny" }, { threads: 1 });
  const local = await openModel(TIED, { threads: 1 });
  assert.deepEqual(await model.tokenizer.encode("abc"), await local.tokenizer.encode("abc"));
  await model.close();
  await local.close();
});

Deno.test("hosts and what is measured in them take models of the hub, which is asked once", async () => {
  await using hub = await hubServer({}, { models: { "o/tiny": await repositoryOf(TIED) } });
  const host = await startHost("hf:o/tiny", { threads: 1 });
  const asked = hub.asked.length;
  assert.equal(host.open.info.hub?.commit, COMMIT);
  await host.close();
  const bench = new ArchitectureBenchmark("hf:o/tiny", { threads: 1 });
  const { model } = await bench.benchmarkGeneration(2, 2, { numRuns: 2, memoryHosts: 0 });
  assert.equal(model.hub?.commit, COMMIT);
  assert.equal(hub.asked.length, asked);
});

Deno.test("a name without hf: says how a model of the hub is given", async () => {
  await assert.rejects(resolveModel("some/model"), {
    message: /some\/model: there is no such folder; .*; for the model of the hub pass "hf:some\/model"$/,
  });
  await assert.rejects(resolveModel("some/model@v1"), /pass "hf:some\/model@v1"$/);
  for (const bad of ["hf:", "hf:model", "hf:a/b@", "hf:a/b/../c", "hf:a--b/c", "hf:a/b@x y"]) {
    await assert.rejects(
      resolveModel(bad),
      { name: "RangeError", message: /a model of the hub is hf:owner\/name/ },
      bad,
    );
  }
});
