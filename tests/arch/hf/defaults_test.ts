/** Fields that a configuration leaves out mean what transformers 5.24.0 takes (models/NAME/configuration_NAME.py). */
import assert from "node:assert/strict";
import { HfConfig } from "../../../lib/arch/hf/config.ts";
import { specOfConfig } from "../../../lib/arch/hf/folder.ts";
import type { ArchSpec, AttentionSpec } from "../../../lib/arch/spec.ts";

const SIZES = {
  ...{ vocab_size: 64, hidden_size: 128, intermediate_size: 96, num_hidden_layers: 6, num_attention_heads: 4 },
  ...{ num_local_experts: 4, moe_intermediate_size: 16, shared_expert_intermediate_size: 16 },
};

function specOf(modelType: string, fields: Record<string, unknown> = {}): ArchSpec {
  return specOfConfig(new HfConfig("config.json", { ...SIZES, model_type: modelType, ...fields }), "m");
}

const mixer = (spec: ArchSpec, layer = 0) => spec.layers[layer].mixer as AttentionSpec;

/** Key-value heads, size of a head, longest context, epsilon of the norms, tied head. */
const DEFAULTS: Record<string, [number, number, number, number, boolean]> = {
  llama: [4, 32, 2048, 1e-6, false],
  mistral: [8, 32, 131_072, 1e-6, false],
  qwen2: [32, 32, 32_768, 1e-6, false],
  qwen3: [32, 128, 32_768, 1e-6, false],
  olmo2: [4, 32, 2048, 1e-5, false],
  smollm3: [4, 32, 32_768, 1e-6, true],
  phi: [4, 32, 2048, 1e-5, false],
  phi3: [4, 32, 4096, 1e-5, false],
  gemma: [16, 256, 8192, 1e-6, true],
  gemma2: [4, 256, 8192, 1e-6, true],
  gemma3_text: [4, 256, 131_072, 1e-6, true],
  gpt_neox: [4, 32, 2048, 1e-5, false],
  nemotron: [4, 32, 4096, 1e-5, false],
  mixtral: [8, 32, 131_072, 1e-5, false],
  olmoe: [4, 32, 4096, 1e-5, false],
  qwen2_moe: [16, 32, 32_768, 1e-6, false],
  qwen3_moe: [4, 32, 32_768, 1e-6, false],
  lfm2: [8, 32, 128_000, 1e-5, true],
};
for (const [modelType, want] of Object.entries(DEFAULTS)) {
  Deno.test(`${modelType} takes transformers' defaults for heads, context, norms and the tied head`, () => {
    const spec = specOf(modelType), { kvHeads, headDim } = mixer(spec);
    assert.deepEqual([kvHeads, headDim, spec.contextLength, spec.norm.epsilon, spec.tiedHead], want);
    if (want[0] !== 4) {
      assert.equal(mixer(specOf(modelType, { num_key_value_heads: null })).kvHeads, 4, "null: all heads");
    }
  });
}

Deno.test("Gemma 2 caps its scores and logits, and Mistral and the Gemmas have windows, unless a file says null", () => {
  const windows = (spec: ArchSpec) => spec.layers.map((_, i) => mixer(spec, i).window ?? 0);
  const gemma2 = specOf("gemma2");
  assert.deepEqual([mixer(gemma2).softcap, gemma2.logitSoftcap], [50, 30]);
  assert.deepEqual(windows(gemma2), [4096, 0, 4096, 0, 4096, 0]);
  const uncapped = specOf("gemma2", { attn_logit_softcapping: null, final_logit_softcapping: null });
  assert.deepEqual([mixer(uncapped).softcap, uncapped.logitSoftcap], [undefined, undefined]);
  const gemma3 = specOf("gemma3_text");
  assert.deepEqual([mixer(gemma3).softcap, gemma3.logitSoftcap], [undefined, undefined]);
  assert.deepEqual(windows(gemma3), [4096, 4096, 4096, 4096, 4096, 0]);
  assert.deepEqual(windows(specOf("mistral")), Array(6).fill(4096));
  assert.deepEqual(windows(specOf("mistral", { sliding_window: null })), Array(6).fill(0));
  assert.deepEqual(windows(specOf("mixtral")), Array(6).fill(0));
});

Deno.test("Qwen's and SmolLM3's windows stand in the layers where transformers has them", () => {
  const windows = (modelType: string, fields: object) => {
    const spec = specOf(modelType, { sliding_window: 8, max_window_layers: 3, ...fields });
    return spec.layers.map((_, i) => mixer(spec, i).window ?? 0);
  };
  const on = { use_sliding_window: true };
  assert.deepEqual(windows("qwen2", {}), [0, 0, 0, 0, 0, 0]);
  assert.deepEqual(windows("qwen2", on), [0, 0, 0, 8, 8, 8]);
  assert.deepEqual(windows("qwen2", { ...on, sliding_window: undefined }), [0, 0, 0, 4096, 4096, 4096]);
  assert.deepEqual(windows("qwen2_moe", on), [8, 0, 8, 0, 0, 0]);
  assert.deepEqual(windows("qwen3_moe", on), [8, 8, 8, 8, 8, 8]);
  assert.deepEqual(windows("smollm3", on), [0, 0, 0, 8, 0, 0], "where there are no rotary positions");
  const layer_types = ["sliding_attention", ...Array(5).fill("full_attention")];
  assert.deepEqual(windows("qwen3", { ...on, layer_types }), [8, 0, 0, 0, 0, 0]);
  assert.deepEqual(windows("qwen3", { layer_types }), [0, 0, 0, 0, 0, 0], "the flag is off");
});

Deno.test("rotary positions are read from rope_parameters, from rope_scaling, and from the latter where both are there", () => {
  const position = (fields: object, modelType = "llama") => specOf(modelType, { ...fields }).position;
  const linear = (factor: number) => ({ rope_type: "linear", factor });
  assert.deepEqual(position({ rope_theta: 5e5 }), { kind: "rope", theta: 5e5 });
  assert.deepEqual(position({ rope_parameters: { rope_theta: 5e5 }, rope_theta: 7 }), { kind: "rope", theta: 5e5 });
  assert.deepEqual(position({ rope_parameters: { rope_type: "default" }, rope_theta: 7 }), { kind: "rope", theta: 7 });
  const scaled = { kind: "rope", theta: 10_000, scaling: { kind: "linear", factor: 4 } };
  assert.deepEqual(position({ rope_parameters: linear(4) }), scaled);
  assert.deepEqual(position({ rope_scaling: linear(4), rope_parameters: linear(2) }), scaled);
  assert.deepEqual(position({ rope_scaling: {}, rope_parameters: linear(4) }), scaled);
  assert.deepEqual(position({ rope_scaling: null }, "smollm3"), { kind: "rope", theta: 2e6 });
});

Deno.test("Gemma 3's positions: each kind of layer has its own, and only the global ones are scaled by rope_scaling", () => {
  const thetas = (fields: object) => {
    const spec = specOf("gemma3_text", { ...fields });
    return [spec.position, mixer(spec).position];
  };
  const rope = (theta: number, more = {}) => ({ kind: "rope", theta, ...more });
  const linear = { rope_type: "linear", factor: 8 }, scaling = { kind: "linear", factor: 8 };
  assert.deepEqual(thetas({}), [rope(1e6), rope(10_000)]);
  assert.deepEqual(thetas({ rope_theta: 5e5, rope_local_base_freq: 7e3 }), [rope(5e5), rope(7e3)]);
  assert.deepEqual(thetas({ rope_scaling: linear }), [rope(1e6, { scaling }), rope(10_000)]);
  const rope_parameters = {
    full_attention: { ...linear, rope_theta: 2e6 },
    sliding_attention: { rope_type: "default" },
  };
  assert.deepEqual(thetas({ rope_parameters, rope_theta: 3 }), [rope(2e6, { scaling }), rope(10_000)]);
});

Deno.test("activations are read by all the names that transformers has for what is built, and others refused by name", () => {
  const kind = (modelType: string, fields: object) => specOf(modelType, { ...fields }).layers[0].channel.kind;
  for (const act of ["silu", "swish"]) assert.equal(kind("llama", { hidden_act: act }), "swiglu");
  for (const act of ["gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_accurate"]) {
    assert.equal(kind("qwen2", { hidden_act: act }), "geglu", act);
    assert.equal(kind("phi", { hidden_act: act }), "gelu", act);
  }
  for (const act of ["gelu", "gelu_python"]) assert.equal(kind("gpt_neox", { hidden_act: act }), "gelu_erf");
  assert.equal(kind("gemma", { hidden_act: "gelu" }), "geglu", "the first files mean the tanh form");
  assert.equal(kind("gemma2", { hidden_act: "gelu" }), "geglu", "hidden_activation counts there");
  assert.equal(kind("mixtral", { hidden_act: "swish" }), "moe");
  const refused: [string, object, RegExp][] = [
    ["llama", { hidden_act: "gelu" }, /hidden_act is "gelu"; this version builds: silu, swish, gelu_new/],
    ["llama", { hidden_act: "quick_gelu" }, /hidden_act is "quick_gelu"/],
    ["gemma2", { hidden_activation: "gelu" }, /hidden_activation is "gelu"/],
    ["mixtral", { hidden_act: "gelu_new" }, /hidden_act is "gelu_new"; this version builds: silu, swish$/],
    ["gpt_neox", { hidden_act: "silu" }, /hidden_act is "silu"; this version builds: gelu, /],
  ];
  for (const [modelType, fields, message] of refused) {
    assert.throws(() => kind(modelType, fields), { name: "TypeError", message });
  }
});
