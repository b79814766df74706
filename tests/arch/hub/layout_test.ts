import assert from "node:assert/strict";
import { modelFiles } from "../../../lib/arch/hub/layout.ts";
import type { Precision } from "../../../lib/arch/model_ref.ts";
import { parseHubReference } from "../../../lib/store/hub/reference.ts";

/** Paths that are fetched of a repository of these files, a megabyte each unless told. */
function plan(paths: string[], reference = "hf:o/m", precision?: Precision, bytes: Record<string, number> = {}) {
  const files = paths.map((path) => ({ path, bytes: bytes[path] ?? 1e6, hash: "sha1:0" }));
  const found = modelFiles(reference, parseHubReference(reference, "model"), files, { precision });
  const names = (list: { path: string }[]) => list.map(({ path }) => path);
  return { ...found, beside: names(found.beside), weights: names(found.weights), index: found.index?.path };
}

const BESIDE = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"];
/** As repositories of models are: other frameworks' weights, exports, documents. */
const OTHERS = [
  "README.md",
  ".gitattributes",
  "pytorch_model.bin",
  "onnx/model.onnx",
  "runs/events.out",
  "flax_model.msgpack",
];

Deno.test("a folder of transformers: configurations, tokenizer and weights, and nothing of the rest", () => {
  const one = plan([...BESIDE, ...OTHERS, "model.safetensors", "model.fp16.safetensors", "tokenizer.model"]);
  assert.deepEqual(one, {
    ...{ form: "safetensors", open: "", beside: BESIDE, weights: ["model.safetensors"], index: undefined },
  });
  const shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  const many = plan([...BESIDE, ...shards, "model.safetensors.index.json", "original/consolidated.00.pth"]);
  assert.deepEqual([many.index, many.weights], ["model.safetensors.index.json", []]); // the index says which
  assert.deepEqual(plan(["a/config.json", "a/model.safetensors", "b/config.json"], "hf:o/m@v1/a").beside, [
    "a/config.json",
  ]);
});

Deno.test("GGUF repositories: the only file, the one asked for with its parts, else a list with sizes to choose from", () => {
  const files = ["README.md", "m-Q4_K_M.gguf", "m-Q8_0.gguf", "mmproj-m-f16.gguf", "m.imatrix.gguf"];
  assert.deepEqual(plan(["README.md", "m-Q8_0.gguf", "mmproj-m-f16.gguf"]), {
    ...{ form: "gguf", open: "m-Q8_0.gguf", beside: [], weights: ["m-Q8_0.gguf"], index: undefined },
  });
  assert.deepEqual(plan(files, "hf:o/m/m-Q4_K_M.gguf").weights, ["m-Q4_K_M.gguf"]);
  assert.throws(() => plan(files, "hf:o/m@v2", undefined, { "m-Q8_0.gguf": 2.5e9 }), {
    name: "RangeError",
    message: "Cannot open hf:o/m@v2: it has 2 GGUF models; pass one of hf:o/m@v2/m-Q4_K_M.gguf (1.0 MB), " +
      "hf:o/m@v2/m-Q8_0.gguf (2.50 GB)",
  });
  assert.throws(
    () => plan(files, "hf:o/m/m-Q5.gguf"),
    /no such file; pass one of hf:o\/m\/m-Q4_K_M\.gguf \(1\.0 MB\), hf/,
  );
  const split = [1, 2].map((part) => `Q8/m-0000${part}-of-00002.gguf`);
  assert.deepEqual(plan(["README.md", ...split]).weights, split);
  assert.deepEqual(plan([...split, "m-Q4.gguf"], `hf:o/m/${split[1]}`).weights, split);
  assert.deepEqual(plan([...split, "m-Q4.gguf"], "hf:o/m/Q8").weights, split);
  assert.throws(() => plan(split.slice(0, 1)), /its part Q8\/m-00002-of-00002\.gguf is not in the repository/);
});

Deno.test("ONNX repositories: the graph of the precision with all files of its weights, else a list", () => {
  const transformersJs = [
    ...BESIDE,
    ...[
      "onnx/model.onnx",
      "onnx/model.onnx_data",
      "onnx/model.onnx_data_1",
      "onnx/model_q4.onnx",
      "onnx/model_q4f16.onnx",
    ],
    ...["onnx/model_fp16.onnx", "onnx/model_fp16.onnx_data", "onnx/model_quantized.onnx"],
  ];
  const fp32 = plan(transformersJs);
  assert.deepEqual([fp32.form, fp32.open, fp32.beside], ["onnx", "", BESIDE]);
  assert.deepEqual(fp32.weights, ["onnx/model.onnx", "onnx/model.onnx_data", "onnx/model.onnx_data_1"]);
  assert.deepEqual(plan(transformersJs, "hf:o/m", "int4").weights, ["onnx/model_q4.onnx"]);
  assert.deepEqual(plan(transformersJs, "hf:o/m", "int8").weights, ["onnx/model_quantized.onnx"]);
  assert.deepEqual(plan(transformersJs, "hf:o/m", "fp16").weights, [
    "onnx/model_fp16.onnx",
    "onnx/model_fp16.onnx_data",
  ]);
  assert.deepEqual(plan(transformersJs, "hf:o/m/onnx/model_q4f16.onnx").open, "onnx/model_q4f16.onnx");
  const both = plan([...transformersJs, "model.safetensors"], "hf:o/m/onnx");
  assert.deepEqual([both.form, both.open, both.beside], ["onnx", "onnx", BESIDE]);
  const genai = [
    "cpu-int4/genai_config.json",
    "cpu-int4/model.onnx",
    "cpu-int4/model.onnx.data",
    "cpu-int4/tokenizer.json",
  ];
  assert.deepEqual(plan(genai, "hf:o/m/cpu-int4").weights, ["cpu-int4/model.onnx", "cpu-int4/model.onnx.data"]);
  assert.deepEqual(plan(["decoder_model.onnx", "decoder_with_past_model.onnx", "config.json"]).weights, [
    "decoder_model.onnx",
    "decoder_with_past_model.onnx",
  ]);
  assert.throws(
    () => plan(["onnx/model_q4.onnx", "onnx/model_q4f16.onnx"]),
    /several graphs; pass one of hf:o\/m\/onnx\/model_q4\.onnx \(1\.0 MB\), hf:o\/m\/onnx\/model_q4f16\.onnx \(1\.0 MB\)/,
  );
  assert.throws(() => plan(genai), /it holds no model; pass one of hf:o\/m\/cpu-int4 \(2\.0 MB\)/);
});

Deno.test("what is no model, or not one, is refused with what there is and what to pass", () => {
  for (
    const [paths, reference, message] of [
      [["README.md"], "hf:o/m", /it holds no model; it has no model in safetensors, GGUF or ONNX/],
      [["config.json", "pytorch_model.bin"], "hf:o/m", /its weights are pickled \(pytorch_model\.bin\)/],
      [["config.json", "model.safetensors"], "hf:o/m/model.safetensors", /it is a file; pass .* hf:o\/m$/],
      [["config.json", "model.safetensors"], "hf:o/m/sub", /no such folder or file; pass one of hf:o\/m \(1\.0 MB\)/],
      [
        ["a/config.json", "a/model.safetensors", "b/model.safetensors"],
        "hf:o/m",
        /one of hf:o\/m\/a \(1\.0 MB\), hf:o\/m\/b/,
      ],
      [["consolidated.safetensors", "params.json"], "hf:o/m", /it has weights and no config\.json there/],
      [
        ["config.json", "a.safetensors", "b.safetensors"],
        "hf:o/m",
        /^Cannot open hf:o\/m: of its files a\.safetensors, b\./,
      ],
      [["model_index.json", "unet/config.json"], "hf:o/m", /pipeline of several models/],
    ] as const
  ) {
    assert.throws(() => plan([...paths], reference), { name: /RangeError|TypeError|NotFound/, message }, reference);
  }
});
