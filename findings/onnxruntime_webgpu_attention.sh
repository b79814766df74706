#!/bin/sh
# onnxruntime-node 1.30.0 (npm, Linux x64), provider "webgpu" on SwiftShader, the software Vulkan driver that
# @sparticuz/chromium 153.0.0 carries: com.microsoft.GroupQueryAttention of a whole prompt equals the CPU provider up to
# 31 tokens and differs by 0.4 and more (on values of size 2) from 32 tokens on. No error is raised, nothing is logged.
# On a hardware adapter it was not run.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check onnx==1.23.2
cd "$folder"
npm init -y >/dev/null
npm install --silent --ignore-scripts onnxruntime-node@1.30.0 @sparticuz/chromium@153.0.0
"$folder/venv/bin/python" - <<'PYTHON'
from onnx import TensorProto, helper, save

HEADS, KV_HEADS, SIZE = 4, 2, 16
info = lambda name, type, shape: helper.make_tensor_value_info(name, type, shape)
node = helper.make_node(
    "GroupQueryAttention", ["q", "k", "v", "past_k", "past_v", "last", "total"], ["y", "present_k", "present_v"],
    domain="com.microsoft", num_heads=HEADS, kv_num_heads=KV_HEADS,
)
cache = lambda name, tokens: info(name, TensorProto.FLOAT, [1, KV_HEADS, tokens, SIZE])
graph = helper.make_graph(
    [node], "attention",
    [
        info("q", TensorProto.FLOAT, [1, "tokens", HEADS * SIZE]),
        info("k", TensorProto.FLOAT, [1, "tokens", KV_HEADS * SIZE]),
        info("v", TensorProto.FLOAT, [1, "tokens", KV_HEADS * SIZE]),
        cache("past_k", "past"), cache("past_v", "past"),
        info("last", TensorProto.INT32, [1]), info("total", TensorProto.INT32, []),
    ],
    [info("y", TensorProto.FLOAT, [1, "tokens", HEADS * SIZE]), cache("present_k", "all"), cache("present_v", "all")],
)
opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
save(helper.make_model(graph, opset_imports=opsets, ir_version=10), "attention.onnx")
PYTHON
node -e '
  const { readFileSync, writeFileSync } = require("fs"), { brotliDecompressSync } = require("zlib");
  writeFileSync("driver.tar", brotliDecompressSync(readFileSync("node_modules/@sparticuz/chromium/bin/swiftshader.tar.br")));
'
mkdir driver
tar -xf driver.tar -C driver
cat >run.mjs <<'SCRIPT'
import { createRequire } from "node:module";
import * as ort from "onnxruntime-node";
const [HEADS, KV_HEADS, SIZE] = [4, 2, 16];
let state = 1;
const random = (length) =>
  Float32Array.from({ length }, () => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 29 - 2);
const open = (provider) =>
  ort.InferenceSession.create("attention.onnx", { executionProviders: [provider], logSeverityLevel: 3 });
const cpu = await open("cpu"), webgpu = await open("webgpu");
console.log("onnxruntime-node", createRequire(import.meta.url)("onnxruntime-node/package.json").version);
const difference = {};
for (const tokens of [8, 31, 32, 64, 200]) {
  const values = (heads) => new ort.Tensor("float32", random(tokens * heads * SIZE), [1, tokens, heads * SIZE]);
  const empty = new ort.Tensor("float32", new Float32Array(0), [1, KV_HEADS, 0, SIZE]);
  const feeds = {
    q: values(HEADS), k: values(KV_HEADS), v: values(KV_HEADS), past_k: empty, past_v: empty,
    last: new ort.Tensor("int32", Int32Array.of(tokens - 1), [1]),
    total: new ort.Tensor("int32", Int32Array.of(tokens), []),
  };
  const right = (await cpu.run(feeds)).y.data, got = (await webgpu.run(feeds)).y.data;
  difference[tokens] = right.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i])), 0);
  console.log(`${tokens} tokens: largest difference ${difference[tokens].toPrecision(2)}`);
}
const same = difference[8] < 1e-4 && difference[31] < 1e-4;
if (!same || [32, 64, 200].some((tokens) => difference[tokens] < 0.1)) {
  console.error("this has changed");
  process.exit(1);
}
console.log("as described");
SCRIPT
LD_LIBRARY_PATH="$folder/driver" VK_ICD_FILENAMES="$folder/driver/vk_swiftshader_icd.json" node run.mjs
