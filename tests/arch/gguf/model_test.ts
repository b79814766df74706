/**
 * Goldens of transformers, written as GGUF by the conventions of llama.cpp's `convert_hf_to_gguf.py`.
 *
 * llama.cpp itself (llama-perplexity of llama-cpp-python 0.3.36, fp32 cache) read the same files, with numbers typed as it
 * wants them, and gave our perplexities to 4 decimals: all of Llama's, Mixtral, Qwen 3 with and without experts, Phi 3
 * (with its window switched off, as it is there); the three of Gemma to 5e-5, where its GELU is a table. It does not
 * take heads as large as these of Qwen 2 and OLMo 2.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openSafetensors, readTensor } from "../../../lib/arch/safetensors.ts";
import { openModel } from "../../../lib/model/open_model.ts";
import { ggufBytes, type TestTensor } from "../gguf_writer.ts";
import { inTempFolder } from "../temp_folder.ts";

type Metadata = Parameters<typeof ggufBytes>[0];
/** Name, shape [rows, cols] or [size], numbers. */
type Tensors = Record<string, { shape: number[]; values: Float32Array }>;

interface Conversion {
  /** The golden folder. */
  family: string;
  architecture: string;
  metadata: Metadata;
  /** What the converter does to a tensor of a layer, by its HF name. */
  change?(name: string, t: Tensors[string]): Tensors[string];
  extra?: Tensors;
}

/** `gguf-py/gguf/tensor_mapping.py` */
const NAMES: Record<string, string> = {
  "model.embed_tokens": "token_embd",
  "model.norm": "output_norm",
  "lm_head": "output",
  "input_layernorm": "attn_norm",
  "post_attention_layernorm": "ffn_norm",
  "self_attn.q_proj": "attn_q",
  "self_attn.k_proj": "attn_k",
  "self_attn.v_proj": "attn_v",
  "self_attn.qkv_proj": "attn_qkv",
  "self_attn.o_proj": "attn_output",
  "self_attn.q_norm": "attn_q_norm",
  "self_attn.k_norm": "attn_k_norm",
  "mlp.gate_proj": "ffn_gate",
  "mlp.up_proj": "ffn_up",
  "mlp.gate_up_proj": "ffn_up",
  "mlp.down_proj": "ffn_down",
  "block_sparse_moe.gate": "ffn_gate_inp",
  "block_sparse_moe.experts.w1": "ffn_gate_exps",
  "block_sparse_moe.experts.w3": "ffn_up_exps",
  "block_sparse_moe.experts.w2": "ffn_down_exps",
  "mlp.gate": "ffn_gate_inp",
  "mlp.experts.gate_proj": "ffn_gate_exps",
  "mlp.experts.up_proj": "ffn_up_exps",
  "mlp.experts.down_proj": "ffn_down_exps",
  "mlp.shared_expert.gate_proj": "ffn_gate_shexp",
  "mlp.shared_expert.up_proj": "ffn_up_shexp",
  "mlp.shared_expert.down_proj": "ffn_down_shexp",
  "mlp.shared_expert_gate": "ffn_gate_inp_shexp",
};
const SANDWICH_NAMES: Record<string, string> = {
  ...NAMES,
  "post_attention_layernorm": "post_attention_norm",
  "pre_feedforward_layernorm": "ffn_norm",
  "post_feedforward_layernorm": "post_ffw_norm",
};

/** `LlamaModel.permute`: reshape(heads, 2, size / heads / 2, cols), swap the middle axes. */
function permute({ shape, values }: Tensors[string], heads: number): Tensors[string] {
  const [rows] = shape, cols = values.length / rows, half = rows / heads / 2;
  const out = new Float32Array(values.length);
  let to = 0;
  for (let head = 0; head < heads; head++) {
    for (let pair = 0; pair < half; pair++) {
      for (let part = 0; part < 2; part++) {
        const from = head * 2 * half + part * half + pair;
        out.set(values.subarray(from * cols, (from + 1) * cols), to++ * cols);
      }
    }
  }
  return { shape, values: out };
}

const llamaChange: Conversion["change"] = (name, t) =>
  name.includes("q_proj") ? permute(t, 4) : name.includes("k_proj") ? permute(t, 2) : t;

const scaled = (t: Tensors[string], factor: number) => ({ ...t, values: t.values.map((v) => v * factor) });
const plusOne: Conversion["change"] = (name, t) =>
  name.includes("norm.") ? { ...t, values: t.values.map((v) => 1 + v) } : t;

/** llama.cpp takes Gemma's scale from the head size, 16; these goldens have 24 instead, which the queries can hold. */
const GEMMA_QUERIES = (24 / 16) ** -0.5;

const SIZES: Metadata = {
  "embedding_length": 32,
  "feed_forward_length": 48,
  "attention.head_count": 4,
  "attention.head_count_kv": 2,
  "attention.key_length": 16,
  "attention.value_length": 16,
  "attention.layer_norm_rms_epsilon": 1e-6,
  "context_length": 128,
  "rope.freq_base": 10000,
};

/** `LlamaModel.generate_extra_tensors`, Llama 3's scaling: factor 8, 1 and 4 turns, 32 tokens of original context. */
function llama3Factors(): Float32Array {
  return Float32Array.from({ length: 8 }, (_, i) => {
    const wavelength = 2 * Math.PI * 10000 ** (i / 8);
    if (wavelength < 32 / 4) return 1;
    if (wavelength > 32 / 1) return 8;
    const smooth = (32 / wavelength - 1) / (4 - 1);
    return 1 / ((1 - smooth) / 8 + smooth);
  });
}

const conversions: Conversion[] = [
  { family: "llama", architecture: "llama", metadata: {}, change: llamaChange },
  {
    family: "llama3",
    architecture: "llama",
    metadata: {},
    change: llamaChange,
    extra: { "rope_freqs.weight": { shape: [8], values: llama3Factors() } },
  },
  {
    family: "llama_yarn",
    architecture: "llama",
    metadata: {
      "rope.scaling.type": "yarn",
      "rope.scaling.factor": 4,
      "rope.scaling.original_context_length": 32,
    },
    change: llamaChange,
  },
  {
    family: "llama_linear",
    architecture: "llama",
    metadata: { "rope.scaling.type": "linear", "rope.scaling.factor": 4 },
    change: llamaChange,
  },
  {
    family: "mixtral",
    architecture: "llama",
    metadata: {
      feed_forward_length: 24,
      expert_count: 4,
      expert_used_count: 2,
      "rope.freq_base": 1e6,
      "attention.layer_norm_rms_epsilon": 1e-5,
    },
    change: llamaChange,
  },
  {
    family: "qwen2_moe",
    architecture: "qwen2moe",
    metadata: {
      expert_count: 4,
      expert_used_count: 2,
      expert_feed_forward_length: 16,
      expert_shared_feed_forward_length: 24,
    },
  },
  {
    family: "qwen3_moe",
    architecture: "qwen3moe",
    metadata: { expert_count: 4, expert_used_count: 2, expert_feed_forward_length: 16 },
  },
  { family: "qwen2", architecture: "qwen2", metadata: {} },
  { family: "qwen3", architecture: "qwen3", metadata: {} },
  {
    family: "olmo2",
    architecture: "olmo2",
    metadata: { "attention.layer_norm_rms_epsilon": 1e-5 },
  },
  {
    family: "phi3",
    architecture: "phi3",
    metadata: {
      embedding_length: 64,
      "attention.layer_norm_rms_epsilon": 1e-5,
      "attention.sliding_window": 8,
    },
  },
  {
    family: "gemma",
    architecture: "gemma",
    metadata: { "attention.head_count_kv": 1 },
    change: plusOne,
  },
  {
    family: "gemma2",
    architecture: "gemma2",
    metadata: {
      attn_logit_softcapping: 2,
      final_logit_softcapping: 1.5,
      "attention.sliding_window": 8,
    },
    change: (name, t) => name.includes("q_proj") ? scaled(t, GEMMA_QUERIES) : plusOne(name, t),
  },
  {
    family: "gemma3",
    architecture: "gemma3",
    metadata: {
      "attention.sliding_window": 8,
      "attention.sliding_window_pattern": 3,
      "rope.freq_base_swa": 100,
      "rope.scaling.type": "linear",
      "rope.scaling.factor": 8,
    },
    change: (name, t) => name.includes("q_norm") ? scaled(plusOne(name, t), GEMMA_QUERIES) : plusOne(name, t),
  },
];

const root = join(import.meta.dirname!, "..", "..", "golden", "families");

/** Experts' matrices in one tensor [experts, rows, cols]. */
function stacked(
  all: Tensors[string] | undefined,
  { shape, values }: Tensors[string],
  expert: number,
  experts: number,
) {
  const t = all ?? { shape: [experts, ...shape], values: new Float32Array(experts * values.length) };
  t.values.set(values, expert * values.length);
  return t;
}

async function converted({ family, architecture, metadata, change = (_, t) => t, extra = {} }: Conversion) {
  const file = await openSafetensors(join(root, family, "model.safetensors"));
  const names = [...file.tensors.keys()].some((n) => n.includes("post_feedforward")) ? SANDWICH_NAMES : NAMES;
  const tensors: Tensors = { ...extra }, experts = 4;
  for (const [name, { shape }] of file.tensors) {
    const [, block, stem, kind] = /^(model\.layers\.\d+\.)?(.*)\.(weight|bias)$/.exec(name)!;
    const layer = block ? `blk.${block.split(".")[2]}.` : "";
    const t = change(name, { shape, values: await readTensor(file, name) });
    const expert = /\.experts\.(\d+)\./.exec(stem);
    const to = `${layer}${names[stem.replace(/\.experts\.\d+\./, ".experts.")]}.${kind}`;
    if (expert) tensors[to] = stacked(tensors[to], t, Number(expert[1]), experts);
    else tensors[to] = t;
  }
  const { num_hidden_layers } = JSON.parse(await Deno.readTextFile(join(root, family, "config.json")));
  const keys = Object.entries({ ...SIZES, block_count: num_hidden_layers, ...metadata }).map((
    [key, value],
  ) => [`${architecture}.${key}`, value]);
  const bytes = ggufBytes(
    {
      "general.architecture": architecture,
      ...Object.fromEntries(keys),
      "tokenizer.ggml.tokens": Array.from({ length: 64 }, (_, i) => `token ${i}`),
    },
    Object.entries(tensors).map(([name, { shape, values }]): TestTensor => ({
      name,
      shape: shape.toReversed(),
      type: 0,
      data: new Uint8Array(values.buffer),
    })),
  );
  return { bytes, tensors };
}

for (const conversion of conversions) {
  Deno.test(`${conversion.family} as GGUF gives the logits and greedy ids of transformers`, async () => {
    const golden = JSON.parse(await Deno.readTextFile(join(root, conversion.family, "golden.json")));
    await inTempFolder(async (folder) => {
      const path = join(folder, "model.gguf");
      await Deno.writeFile(path, (await converted(conversion)).bytes);
      const model = await openModel({ ref: path, tokenizer: "bytes" }, { threads: 1 });
      try {
        assert.equal(model.info.parameters, golden.parameters);
        const { data } = await model.logits(golden.ids[0]);
        const worst = golden.logits.flat().reduce(
          (max: number, want: number, i: number) => Math.max(max, Math.abs(want - data[i])),
          0,
        );
        assert.ok(worst < 1e-4, `largest difference ${worst}`);
        for (const i of [0, 1]) {
          const [{ ids }] = await model.generate(golden.ids[i], { maxNewTokens: 24 });
          assert.deepEqual(ids, golden.greedy[i].ids);
        }
      } finally {
        await model.close();
      }
    });
  });
}

const wrong: [string, Partial<Conversion>, RegExp][] = [
  ["an unknown architecture", { architecture: "mpt" }, /architecture is "mpt"; this version runs: llama, qwen2/],
  [
    "experts that it does not hold",
    { metadata: { expert_count: 8, expert_used_count: 2 } },
    /missing: blk\.0\.ffn_gate_inp/,
  ],
  ["another scaling", { metadata: { "rope.scaling.type": "ntk" } }, /rope\.scaling\.type is "ntk"/],
  ["a number that is text", { metadata: { block_count: "2" } }, /llama\.block_count is 2, not a number/],
  ["layers that it does not hold", { metadata: { block_count: 2 ** 31 } }, /block_count is 2147483648, more than its/],
  ["a layer too many", { metadata: { block_count: 3 } }, /missing: blk\.2\.attn_norm\.weight, .* and 1 more$/],
  [
    "a tensor that the architecture has no use for",
    { extra: { "blk.0.attn_sub_norm.weight": { shape: [32], values: new Float32Array(32) } } },
    /of no use to the architecture: blk\.0\.attn_sub_norm\.weight$/,
  ],
];

for (const [what, changes, message] of wrong) {
  Deno.test(`a GGUF with ${what} is refused`, async () => {
    await inTempFolder(async (folder) => {
      const path = join(folder, "model.gguf");
      await Deno.writeFile(path, (await converted({ ...conversions[0], ...changes })).bytes);
      await assert.rejects(openModel({ ref: path, tokenizer: "bytes" }, { threads: 1 }), { message });
    });
  });
}
