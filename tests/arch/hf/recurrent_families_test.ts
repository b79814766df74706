import assert from "node:assert/strict";
import { join } from "node:path";
import { layerParameters, modelParameters } from "../../../lib/arch/blocks/layer.ts";
import { HfConfig } from "../../../lib/arch/hf/config.ts";
import { readFolder, specOfConfig } from "../../../lib/arch/hf/folder.ts";
import { safetensorsWeights } from "../../../lib/arch/hf/weights.ts";
import { parseObject } from "../../../lib/arch/json_file.ts";
import { openSafetensors, readTensor } from "../../../lib/arch/safetensors.ts";
import { zoo } from "../../../lib/arch/zoo/zoo.ts";
import { f32, safetensorsBytes, type TestTensor } from "../safetensors_writer.ts";

const config = (text: string) => new HfConfig("config.json", parseObject(new TextEncoder().encode(text))!);

/** Of mistralai/Mamba-Codestral-7B-v0.1, as transformers 4 wrote it: with a word that is not JSON. */
const CODESTRAL = `{
  "model_type": "mamba2", "conv_kernel": 4, "expand": 2, "head_dim": 64, "hidden_act": "silu", "hidden_size": 4096,
  "layer_norm_epsilon": 1e-05, "n_groups": 8, "num_heads": 128, "num_hidden_layers": 64, "state_size": 128,
  "tie_word_embeddings": false, "time_step_limit": [0.0, Infinity], "use_bias": false, "use_conv_bias": true,
  "vocab_size": 32768
}`;

Deno.test("Mamba-2's configuration is read with Python's infinity, and gives the zoo's architecture", () => {
  const { name: _, ...spec } = specOfConfig(config(CODESTRAL), "a folder");
  const { name: __, ...published } = zoo("mamba-codestral-7b");
  const layers = published.layers.map((layer) => ({ ...layer, mixer: { ...layer.mixer, convolution: 4 } })); // its default
  assert.deepEqual(spec, { ...published, layers });
});

Deno.test("Mamba-2's limits of the time step are kept, a missing upper one as the largest float", () => {
  const mixerOf = (limit: string) =>
    specOfConfig(config(CODESTRAL.replace("[0.0, Infinity]", limit)), "a folder").layers[0].mixer;
  assert.deepEqual((mixerOf("[0.001, 0.1]") as { timeStepLimit?: unknown }).timeStepLimit, [0.001, 0.1]);
  assert.deepEqual((mixerOf("[0.001, Infinity]") as { timeStepLimit?: unknown }).timeStepLimit, [0.001, 3e38]);
  assert.throws(() => mixerOf("[0.1]"), /time_step_limit is \[0.1\], not two numbers/);
  assert.throws(() => specOfConfig(config(CODESTRAL.replace('use_bias": false', 'use_bias": true')), "x"), {
    name: "TypeError",
    message: /use_bias is true; this version builds only false/,
  });
});

Deno.test("LFM2's width of the MLP and its layers are read from the published configuration of the 1.2B model", () => {
  const { name: _, ...spec } = specOfConfig(
    config(`{
      "model_type": "lfm2", "block_auto_adjust_ff_dim": true, "block_ff_dim": 12288, "block_ffn_dim_multiplier": 1.0,
      "block_multiple_of": 256, "conv_L_cache": 3, "conv_bias": false, "full_attn_idxs": [2, 5, 8, 10, 12, 14],
      "hidden_size": 2048, "max_position_embeddings": 128000, "norm_eps": 1e-05, "num_attention_heads": 32,
      "num_hidden_layers": 16, "num_key_value_heads": 8, "rope_theta": 1000000.0, "vocab_size": 65536
    }`),
    "a folder",
  );
  const { name: __, ...published } = zoo("lfm2-1.2b");
  assert.deepEqual(spec, published);
});

Deno.test("Qwen3-Next has attention in every fourth layer where the configuration lists none", () => {
  const spec = specOfConfig(
    config(`{
      "model_type": "qwen3_next", "vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 5,
      "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 128,
      "moe_intermediate_size": 16, "num_experts": 4, "num_experts_per_tok": 2, "shared_expert_intermediate_size": 16
    }`),
    "a folder",
  );
  assert.deepEqual(spec.layers.map((l) => l.mixer.kind), ["linear", "linear", "linear", "attention", "linear"]);
  assert.deepEqual(spec.position, { kind: "rope", theta: 10000, dims: 4 });
});

/** Of RWKV/rwkv-6-world-1b6, which leaves the intermediate size to its code. */
const FINCH = {
  ...{ model_type: "rwkv6", vocab_size: 65536, hidden_size: 2048, attention_hidden_size: 2048, num_hidden_layers: 24 },
  ...{ head_size: 64, head_size_divisor: 8, intermediate_size: null, layer_norm_epsilon: 1e-5 },
  ...{ num_attention_heads: 64, rescale_every: 6, tie_word_embeddings: false, bos_token_id: 0, eos_token_id: 0 },
};

Deno.test("RWKV-6's configuration gives the zoo's architecture, and wide models have larger ranks", () => {
  const read = (values: object) => specOfConfig(config(JSON.stringify({ ...FINCH, ...values })), "a folder");
  const { name: _, ...spec } = read({});
  const { name: __, ...published } = zoo("rwkv-6-1.6b");
  assert.deepEqual(spec, published);
  const wide = read({ hidden_size: 4096, attention_hidden_size: 4096 });
  assert.deepEqual(wide.layers[0].mixer, { kind: "rwkv6", heads: 64, headDim: 64, mixRank: 64, decayRank: 128 });
  assert.throws(() => read({ head_size: 96 }), { message: /head_size 96 does not divide hidden_size 2048/ });
  assert.throws(() => read({ attention_hidden_size: 4096 }), {
    name: "TypeError",
    message: /attention_hidden_size is 4096; this version builds only 2048/,
  });
});

Deno.test("RWKV-6's weights are read by the names of its authors and by those of their Hugging Face folders", async () => {
  const folder = join(import.meta.dirname!, "..", "..", "golden", "families", "rwkv6");
  const file = await openSafetensors(join(folder, "model.safetensors")), { spec } = await readFolder(folder, "Finch");
  assert.ok(file.tensors.has("blocks.0.att.time_maa_w1"));
  // As scripts/convert_rwkv6_checkpoint_to_hf.py of BBuf/RWKV-World-HF-Tokenizer renames them.
  const renamed = (name: string) =>
    name === "head.weight"
      ? name
      : "rwkv." + name.replace(/^emb\./, "embeddings.").replace("blocks.0.ln0", "blocks.0.pre_ln")
        .replace(/blocks\.(\d+)\.att/, "blocks.$1.attention").replace(/blocks\.(\d+)\.ffn/, "blocks.$1.feed_forward");
  const dir = await Deno.makeTempDir();
  try {
    const path = join(dir, "model.safetensors"), tensors: Record<string, TestTensor> = {};
    for (const [name, { shape }] of file.tensors) tensors[renamed(name)] = f32(shape, await readTensor(file, name));
    await Deno.writeFile(path, safetensorsBytes(tensors));
    const [one, other] = [file, await openSafetensors(path)].map((from) => safetensorsWeights(from, spec));
    for (const { name } of modelParameters(spec)) assert.deepEqual(await other.model(name), await one.model(name));
    for (const { name } of layerParameters(spec, spec.layers[1])) {
      assert.deepEqual(await other.layer(1, name), await one.layer(1, name), name);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("what Python writes for numbers that JSON lacks is read, in strings it is text", () => {
  const read = (text: string) => parseObject(new TextEncoder().encode(text));
  assert.deepEqual(read('{"a": [NaN, Infinity, -Infinity], "b": "NaN: Infinity", "c": {"__float__": "-Infinity"}}'), {
    a: [NaN, Infinity, -Infinity],
    b: "NaN: Infinity",
    c: -Infinity,
  });
  assert.deepEqual(read(`{"long": "${"x".repeat(50_000)} NaN", "a": NaN}`)?.a, NaN);
  assert.equal(read('{"a": nil}'), null);
  const odd = new HfConfig("config.json", { rms_norm_eps: NaN });
  assert.throws(() => odd.number("rms_norm_eps"), /config\.json: rms_norm_eps is NaN, not a number/);
});
