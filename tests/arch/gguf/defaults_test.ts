/** What llama.cpp takes where a GGUF's keys are missing, and the tensors that it reads beside the matrices. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { resolveSpec } from "../../../lib/arch/resolve.ts";
import type { ArchSpec, AttentionSpec } from "../../../lib/arch/spec.ts";
import { openModel } from "../../../lib/model/open_model.ts";
import { ggufBytes, llamaMetadata, llamaTensors, type Metadata, type TestTensor } from "../gguf_writer.ts";
import { inTempFolder } from "../temp_folder.ts";

/** The architecture of a file with these keys; the matrices count for nothing. */
async function specOf(architecture: string, keys: Metadata, layers = 7): Promise<ArchSpec> {
  const metadata: Metadata = { "general.architecture": architecture, "tokenizer.ggml.tokens": ["a", "b", "c", "d"] };
  const all: Metadata = {
    block_count: layers,
    context_length: 8192,
    embedding_length: 32,
    feed_forward_length: 64,
    "attention.head_count": 2,
    "attention.layer_norm_rms_epsilon": 1e-6,
    ...keys,
  };
  for (const [key, value] of Object.entries(all)) metadata[`${architecture}.${key}`] = value;
  let spec: ArchSpec;
  await inTempFolder(async (folder) => {
    const path = join(folder, "model.gguf");
    await Deno.writeFile(path, ggufBytes(metadata, llamaTensors()));
    spec = await resolveSpec(path);
  });
  return spec!;
}

const windows = ({ layers }: ArchSpec) => layers.map(({ mixer }) => (mixer as AttentionSpec).window ?? null);

Deno.test("a head's size and the heads of keys and values come from the heads", async () => {
  const { layers: [{ mixer }], position } = await specOf("llama", {});
  assert.deepEqual(mixer, { kind: "attention", heads: 2, kvHeads: 2, headDim: 16 });
  assert.deepEqual(position, { kind: "rope", theta: 10000 });
});

Deno.test("heads and intermediate sizes may be lists, one number a layer", async () => {
  const { layers } = await specOf("llama", {
    "attention.head_count": [2, 4],
    "attention.head_count_kv": [1, 2],
    "attention.key_length": 16,
    feed_forward_length: [64, 96],
  }, 2);
  const sizes = layers.map(({ mixer, channel }) => {
    const { heads, kvHeads, headDim } = mixer as AttentionSpec;
    return [heads, kvHeads, headDim, (channel as { intermediateSize: number }).intermediateSize];
  });
  assert.deepEqual(sizes, [[2, 1, 16, 64], [4, 2, 16, 96]]);
});

Deno.test("Gemma 2 has windows of 4096 in every other layer, and softcaps of 50 and 30", async () => {
  const spec = await specOf("gemma2", {});
  assert.deepEqual(windows(spec), [4096, null, 4096, null, 4096, null, 4096]);
  assert.equal((spec.layers[0].mixer as AttentionSpec).softcap, 50);
  assert.equal(spec.logitSoftcap, 30);
});

Deno.test("Gemma 3 has windows in five of six layers, with a base of their own, where the file has a window", async () => {
  const keys = { "rope.freq_base": 1_000_000, "rope.scaling.factor": 8 };
  const spec = await specOf("gemma3", { ...keys, "attention.sliding_window": 512 });
  assert.deepEqual(windows(spec), [512, 512, 512, 512, 512, null, 512]);
  assert.deepEqual((spec.layers[0].mixer as AttentionSpec).position, { kind: "rope", theta: 10000 });
  assert.deepEqual(spec.position, { kind: "rope", theta: 1_000_000, scaling: { kind: "linear", factor: 8 } });
  const plain = await specOf("gemma3", keys);
  assert.ok(plain.layers.every(({ mixer }) => !("window" in mixer) && !("position" in mixer)));
});

Deno.test("Qwen's experts without a size share that of a layer", async () => {
  const keys = { expert_count: 4, expert_used_count: 2 };
  const { layers: [{ channel }] } = await specOf("qwen2moe", keys);
  assert.deepEqual(channel, {
    kind: "moe",
    experts: 4,
    topK: 2,
    intermediateSize: 32,
    normalise: false,
    shared: { intermediateSize: 64, gated: true },
  });
});

/** Logits of the small Llama after a change of its tensors. */
async function logitsOf(change: (tensors: TestTensor[]) => void): Promise<Float32Array> {
  const tensors = llamaTensors();
  change(tensors);
  let logits: Float32Array;
  await inTempFolder(async (folder) => {
    const path = join(folder, "model.gguf");
    await Deno.writeFile(path, ggufBytes(llamaMetadata(), tensors));
    const model = await openModel(path, { threads: 1 });
    logits = (await model.logits([0, 1, 2])).data.slice();
    await model.close();
  });
  return logits!;
}

function number(name: string, value: number, count = 1): TestTensor {
  return { name, shape: [count], type: 0, data: new Uint8Array(new Float32Array(count).fill(value).buffer) };
}

// llama.cpp v0.5.0 moves the probabilities of type-nvfp4.gguf with such tensors as products with scaled matrices do.
Deno.test("a matrix is scaled by the number beside it; that of its input is for kernels that round it", async () => {
  const scaled = await logitsOf((t) => t.push(number("blk.0.ffn_up.scale", 0.5), number("blk.0.attn_q.scale", 2)));
  const want = await logitsOf((tensors) => {
    for (const { name, data } of tensors) {
      const factor = { "blk.0.ffn_up.weight": 0.5, "blk.0.attn_q.weight": 2 }[name] ?? 1;
      const values = new Float32Array(data.buffer);
      values.forEach((v, i) => values[i] = factor * v);
    }
  });
  assert.deepEqual(scaled, want);
  assert.notDeepEqual(want, await logitsOf(() => {}));
  assert.deepEqual(await logitsOf((t) => t.push(number("blk.0.ffn_up.input_scale", 0.5))), await logitsOf(() => {}));
});

Deno.test("a scale of another shape, or of a matrix that has none, is of no use", async () => {
  for (const tensor of [number("blk.0.ffn_up.scale", 0.5, 32), number("output_norm.scale", 0.5)]) {
    await assert.rejects(logitsOf((t) => t.push(tensor)), { message: new RegExp(`of no use.*: ${tensor.name}`) });
  }
});
