/** Folders in forms that are not read: each error names the file, the field and what to do. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { resolveModel } from "../../../lib/arch/resolve.ts";
import { openSafetensors, readTensor } from "../../../lib/arch/safetensors.ts";
import { f32, safetensorsBytes, type TestTensor } from "../safetensors_writer.ts";
import { inTempFolder } from "../temp_folder.ts";

const tied = join(import.meta.dirname!, "..", "..", "cases", "folders", "tied");
const config = JSON.parse(await Deno.readTextFile(join(tied, "config.json")));
const source = await openSafetensors(join(tied, "model.safetensors"));
const plain: Record<string, TestTensor> = {};
for (const [name, { shape }] of source.tensors) plain[name] = f32(shape, await readTensor(source, name));

/** Files by name: objects as JSON. */
async function refused(files: Record<string, object | string>, message: RegExp): Promise<void> {
  await inTempFolder(async (temp) => {
    const folder = join(temp, "m");
    for (const [name, content] of Object.entries(files)) {
      await Deno.mkdir(join(folder, name, ".."), { recursive: true });
      if (content instanceof Uint8Array) await Deno.writeFile(join(folder, name), content);
      else {await Deno.writeTextFile(
          join(folder, name),
          typeof content === "string" ? content : JSON.stringify(content),
        );}
    }
    await assert.rejects(resolveModel(folder), { message });
  });
}

const weights = { "model.safetensors": safetensorsBytes(plain) };

/** What transformers 5.24 (quantizers/auto.py) and other tools write. */
const quantised: [string, object, RegExp][] = [
  ...["awq", "fp8", "mxfp4", "hqq", "torchao", "a-method-of-tomorrow"].map((method): [string, object, RegExp] => [
    method,
    { quantization_config: { quant_method: method, bits: 4 } },
    new RegExp(`m/config\\.json: quantization_config\\.quant_method is "${method}".*unquantised model, or a \\.gguf`),
  ]),
  ["bitsandbytes without its name", { quantization_config: { load_in_8bit: true } }, /bitsandbytes/],
  ["MLX", { quantization: { group_size: 64, bits: 4 } }, /quantization has 4 bits.*MLX/],
  ["ModelOpt", { quantization_config: { quant_algo: "NVFP4" } }, /quant_algo is "NVFP4"/],
  [
    "compressed-tensors of before",
    { compression_config: { quant_method: "compressed-tensors" } },
    /compressed-tensors/,
  ],
  ["a method without a name", { quantization_config: {} }, /quantization_config has no quant_method/],
  [
    "a method in the text part",
    { model_type: "gemma3", text_config: { quantization_config: { quant_method: "gptq" } } },
    /config\.json, text_config: quantization_config\.quant_method is "gptq"/,
  ],
];
for (const [what, fields, message] of quantised) {
  Deno.test(`a folder quantised by ${what} is refused by that name`, () =>
    refused({ "config.json": { ...config, ...fields }, ...weights }, message));
}

const beside: [string, object, RegExp][] = [
  ["quantize_config.json", { bits: 4, group_size: 128 }, /m: quantize_config\.json says .* packed by "gptq"/],
  ["quant_config.json", { w_bit: 4, zero_point: true }, /quant_config\.json says .* packed by "awq"/],
  ["hf_quant_config.json", { quantization: { quant_algo: "FP8" } }, /hf_quant_config\.json says .* packed by "FP8"/],
];
for (const [name, content, message] of beside) {
  Deno.test(`a folder is refused by the method that its ${name} names`, () =>
    refused({ "config.json": config, [name]: content, ...weights }, message));
}

const NO_BYTES = new Uint8Array();
const packed: [string, string, RegExp][] = [
  ["model.layers.0.mlp.up_proj.qweight", "I32", /up_proj\.qweight is a tensor of weights that are quantised by gptq/],
  ["model.layers.0.mlp.up_proj.weight.quant_state.bitsandbytes__nf4", "U8", /bitsandbytes/],
  ["model.layers.0.mlp.up_proj.SCB", "F32", /bitsandbytes/],
  ["model.layers.0.mlp.up_proj.weight_packed", "I32", /compressed-tensors/],
  ["model.layers.0.mlp.up_proj.weight_scale_inv", "F32", /fp8/],
  ["model.layers.0.mlp.experts.gate_up_proj_blocks", "U8", /mxfp4/],
  ["model.layers.0.mlp.up_proj.scales", "F16", /mlx/],
];
for (const [tensor, dtype, message] of packed) {
  Deno.test(`packed weights are refused also where no field names their method: ${tensor}`, () => {
    const tensors = { ...plain, [tensor]: { dtype, shape: [0], data: NO_BYTES } };
    return refused({ "config.json": config, "model.safetensors": safetensorsBytes(tensors) }, message);
  });
}

Deno.test("weights in 8- and 4-bit floats are refused by the names of tensor and kind", async () => {
  const shape = [64, 48], name = "model.layers.0.mlp.up_proj.weight";
  for (const [dtype, bytes] of [["F8_E4M3", 64 * 48], ["F4", 32 * 48], ["F6_E2M3", 48 * 48]] as const) {
    const tensors = { ...plain, [name]: { dtype, shape, data: new Uint8Array(bytes) } };
    await refused(
      { "config.json": config, "model.safetensors": safetensorsBytes(tensors) },
      new RegExp(
        `in numbers that are not read \\(F32, F16, BF16, F64 are\\): ${name.replaceAll(".", "\\.")} in ${dtype}`,
      ),
    );
  }
});

const forms: [string, Record<string, object | string>, RegExp][] = [
  [
    "ONNX",
    { "config.json": config, "model.onnx": "" },
    /m: it has no \.safetensors file; this folder holds ONNX \(model\.onnx/,
  ],
  ["ONNX in its own folder", { "config.json": config, "onnx/model_q4.onnx": "" }, /holds ONNX \(onnx\/model_q4\.onnx/],
  [
    "ONNX without config.json",
    { "genai_config.json": {}, "model.onnx": "" },
    /no config\.json; this folder holds ONNX/,
  ],
  ["GGUF", { "x-Q4_K_M.gguf": "" }, /holds GGUF; pass the file: .*m\/x-Q4_K_M\.gguf/],
  [
    "pickled weights",
    { "config.json": config, "pytorch_model.bin": "" },
    /pickled \(pytorch_model\.bin\).*save_pretrained/,
  ],
  ["weights by its authors", { "params.json": {}, "consolidated.00.pth": "" }, /pickled \(consolidated\.00\.pth\)/],
  ["TensorFlow's weights", { "config.json": config, "tf_model.h5": "" }, /tf_model\.h5 is of another framework/],
  ["a pipeline", { "model_index.json": {} }, /model_index\.json makes it a pipeline/],
  ["the hub's cache", { "snapshots/1/config.json": config, "refs/main": "1" }, /pass the folder below snapshots/],
  [
    "an adapter",
    {
      "adapter_config.json": { peft_type: "LORA", base_model_name_or_path: "some/base" },
      "adapter_model.safetensors": "",
    },
    /adapter_config\.json makes it an adapter \(LORA\) of "some\/base".*merge/,
  ],
  [
    "an adapter beside its model",
    { "config.json": config, ...weights, "adapter_config.json": {} },
    /makes it an adapter \(LoRA\) of "a model that it does not name"/,
  ],
  [
    "shards without their index",
    { "config.json": config, "model-00001-of-00002.safetensors": "", "model-00002-of-00002.safetensors": "" },
    /model-00001-of-00002\.safetensors is a part of a model, and model\.safetensors\.index\.json/,
  ],
  [
    "a shard that is not there",
    {
      "config.json": config,
      "model.safetensors.index.json": { weight_map: { "lm_head.weight": "model-00002-of-00002.safetensors" } },
    },
    /model-00002-of-00002\.safetensors: there is no such file, and .*index\.json says/,
  ],
  [
    "a shard of another model",
    {
      "config.json": config,
      "part.safetensors": safetensorsBytes(plain),
      "model.safetensors.index.json": { weight_map: { "transformer.wte.weight": "part.safetensors" } },
    },
    /says that part\.safetensors holds transformer\.wte\.weight, which it does not; that file is another model's/,
  ],
  [
    "several parts",
    { "config.json": { model_type: "gemma3", text_config: { model_type: "gemma3_text" } }, ...weights },
    /model_type is "gemma3", of several parts \(text_config\.model_type is "gemma3_text"\)/,
  ],
];
for (const [what, files, message] of forms) {
  Deno.test(`a folder that holds ${what} is refused with what it is and what to do`, () => refused(files, message));
}

Deno.test("names that are no model say how a model of the hub, a folder or a file is given", async () => {
  const before = Deno.cwd();
  await inTempFolder(async (temp) => {
    await Deno.mkdir(join(temp, "mine"));
    await Deno.writeTextFile(join(temp, "mine", "model.safetensors"), "");
    Deno.chdir(temp);
    try {
      await assert.rejects(
        resolveModel("some/model"),
        /no such folder; .*for the model of the hub pass "hf:some\/model"$/,
      );
      await assert.rejects(resolveModel("./some/model"), /no such folder; pass a \.gguf file.* catalog name$/);
      await assert.rejects(resolveModel("mine"), /"mine": the catalog has no such model; .*pass "\.\/mine"/);
      await assert.rejects(resolveModel("mine/model.safetensors"), /it is a file; pass the folder that holds it/);
    } finally {
      Deno.chdir(before);
    }
  });
});
