import assert from "node:assert/strict";
import { HfConfig } from "../../../lib/arch/hf/config.ts";
import { specOfConfig } from "../../../lib/arch/hf/folder.ts";
import { parseObject } from "../../../lib/arch/json_file.ts";
import { zoo } from "../../../lib/arch/zoo/zoo.ts";

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
