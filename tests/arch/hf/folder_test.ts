import assert from "node:assert/strict";
import { join } from "node:path";
import { openSafetensors, readTensor } from "../../../lib/arch/safetensors.ts";
import { resolveModel } from "../../../lib/arch/resolve.ts";
import { weightsOf } from "../../../lib/arch/weights_of.ts";
import { modelFingerprint } from "../../../lib/arch/fingerprint.ts";
import type { ArchSpec } from "../../../lib/arch/spec.ts";
import type { LanguageModel } from "../../../lib/model/language_model.ts";
import { openModel } from "../../../lib/model/open_model.ts";
import { sharedFolder } from "../../shared.ts";
import { inTempFolder } from "../temp_folder.ts";
import { f32, safetensorsBytes, type TestTensor } from "../safetensors_writer.ts";

const goldens = join(import.meta.dirname!, "..", "..", "golden", "families");

async function withModel(ref: Parameters<typeof openModel>[0], use: (model: LanguageModel) => Promise<void>) {
  const model = await openModel(ref, { threads: 1 });
  try {
    await use(model);
  } finally {
    await model.close();
  }
}

/** A copy of a golden folder with other fields or tensors. */
async function changedFamily(
  folder: string,
  family: string,
  config: Record<string, unknown>,
  change: (tensors: Record<string, TestTensor>) => void = () => {},
): Promise<string> {
  const to = join(folder, family), from = join(goldens, family);
  await Deno.mkdir(to);
  const values = JSON.parse(await Deno.readTextFile(join(from, "config.json")));
  await Deno.writeTextFile(join(to, "config.json"), JSON.stringify({ ...values, ...config }));
  const file = await openSafetensors(join(from, "model.safetensors"));
  const tensors: Record<string, TestTensor> = {};
  for (const [name, { shape }] of file.tensors) tensors[name] = f32(shape, await readTensor(file, name));
  change(tensors);
  await Deno.writeFile(join(to, "model.safetensors"), safetensorsBytes(tensors));
  return to;
}

const optimum = sharedFolder("models/llama-optimum");

Deno.test({
  name: "llama-optimum: logits, log-probabilities, text and greedy ids are those of transformers",
  ignore: !optimum,
  async fn() {
    const golden = JSON.parse(await Deno.readTextFile(join(optimum!, "golden.json")));
    await inTempFolder(() =>
      withModel(optimum!, async (model) => {
        assert.equal(model.info.parameters, golden.parameters);
        assert.deepEqual([model.tokenizer.bosId, model.tokenizer.eosId, model.tokenizer.addsBos], [256, 257, false]);
        for (const { prompt, ids, last_logits_first8, prompt_logprob_sum, greedy_ids } of golden.cases) {
          assert.deepEqual(await model.tokenizer.encode(prompt), ids);
          assert.equal(await model.tokenizer.decode(ids), prompt);
          const { data, dims: [tokens, vocab] } = await model.logits(ids);
          last_logits_first8.forEach((want: number, i: number) =>
            assert.ok(Math.abs(data[(tokens - 1) * vocab + i] - want) < 1e-4, `logit ${i} of ${prompt}`)
          );
          const [{ logLikelihood }] = await model.score([{
            contextIds: ids.slice(0, 1),
            continuationIds: ids.slice(1),
          }]);
          assert.ok(Math.abs(logLikelihood - prompt_logprob_sum) < 2e-3, `${logLikelihood}`);
          const [generated] = await model.generate(prompt, { maxNewTokens: 24, ignoreEos: true });
          assert.deepEqual(generated.ids, greedy_ids);
        }
      })
    );
  },
});

Deno.test("a folder is opened again from the cache, and built anew when its weights change", async () => {
  await inTempFolder(async (folder) => {
    const path = await changedFamily(folder, "llama", {});
    const built = () => [...Deno.readDirSync(join(folder, "cache", "models"))].length;
    for (const _ of [1, 2]) await withModel(path, () => Promise.resolve());
    assert.equal(built(), 1);
    const before = await modelFingerprint(path);
    const file = join(path, "model.safetensors"), bytes = await Deno.readFile(file);
    bytes[bytes.length - 1] ^= 1;
    await Deno.writeFile(file, bytes);
    await Deno.utime(file, 1, 1);
    await withModel(path, () => Promise.resolve());
    assert.equal(built(), 2);
    assert.notEqual((await modelFingerprint(path)).weights, before.weights);
  });
});

Deno.test("weights of a spec are read by the family's names or by our own, from a file, an index or a folder", async () => {
  await inTempFolder(async (folder) => {
    const path = join(goldens, "llama"), ids = [5, 9, 33];
    const resolved = await resolveModel(path), { base } = resolved;
    const source = await weightsOf(resolved);
    const own: Record<string, TestTensor> = {};
    const values = (m: Awaited<ReturnType<typeof source.model>>) => (m as { values: Float32Array }).values;
    own.embedding = f32([64, 32], values(await source.model("embedding")));
    own.finalNorm = f32([32], values(await source.model("finalNorm")));
    for (const i of [0, 1]) {
      for (const name of ["mixerNorm", "channelNorm", "q", "k", "v", "o", "gate", "up", "down"]) {
        const m = await source.layer(i, name);
        own[`layers.${i}.${name}`] = f32(name.endsWith("Norm") ? [m.cols] : [m.rows, m.cols], values(m));
      }
    }
    await Deno.writeFile(join(folder, "own.safetensors"), safetensorsBytes(own));

    let want: number[] = [];
    await withModel(path, async (model) => void (want = [...(await model.logits(ids)).data]));
    const file = join(path, "model.safetensors");
    for (const given of [join(folder, "own.safetensors"), file, path]) {
      await withModel({ ref: base, weights: given, edits: [{ window: 64 }] }, async (model) => {
        assert.deepEqual([...(await model.logits(ids)).data], want, given);
        assert.equal(model.info.source, given.endsWith("own.safetensors") ? "own.safetensors" : "model.safetensors");
      });
    }
    const stranger: ArchSpec = { ...base, family: undefined };
    await assert.rejects(openModel({ ref: stranger, weights: file }), /not Archbench's own names.*there are: .*llama/);
    await assert.rejects(openModel({ ref: base, weights: "x.bin" }), /Cannot take weights from x\.bin: pass a/);
    await assert.rejects(openModel({ ref: base, weights: join(folder, "no.safetensors") }), /there is no such file/);
  });
});

Deno.test("files of the bare model, with tables of its own, and the embedding again as the head are read", async () => {
  await inTempFolder(async (folder) => {
    const bare = await changedFamily(folder, "gpt2", {}, (tensors) => {
      for (const name of Object.keys(tensors)) {
        tensors[name.replace("transformer.", "")] = tensors[name];
        delete tensors[name];
      }
      tensors["h.0.attn.bias"] = f32([1, 1, 2, 2], [1, 0, 1, 1]);
      tensors["lm_head.weight"] = tensors["wte.weight"];
    });
    const ids = [3, 4, 5];
    let want: number[] = [];
    await withModel(join(goldens, "gpt2"), async (model) => void (want = [...(await model.logits(ids)).data]));
    await withModel(bare, async (model) => assert.deepEqual([...(await model.logits(ids)).data], want));
  });
});

Deno.test("BF16 weights run as their fp32 numbers, and the label says where they came from", async () => {
  await inTempFolder(async (folder) => {
    /** Numbers that bfloat16 holds exactly. */
    const rounded = (data: Uint8Array) => {
      const bits = new Uint32Array(data.slice().buffer).map((b) => b & 0xffff0000);
      return new Uint8Array(bits.buffer);
    };
    const halved = (data: Uint8Array) => {
      const bits = new Uint32Array(data.slice().buffer);
      return new Uint8Array(Uint16Array.from(bits, (b) => b >>> 16).buffer);
    };
    const exact = await changedFamily(folder, "llama", {}, (tensors) => {
      for (const t of Object.values(tensors)) t.data = rounded(t.data);
    });
    const ids = [3, 4, 5];
    let want: number[] = [];
    await withModel(exact, async (model) => void (want = [...(await model.logits(ids)).data]));
    await Deno.rename(exact, `${exact}_fp32`);
    const half = await changedFamily(folder, "llama", {}, (tensors) => {
      for (const t of Object.values(tensors)) Object.assign(t, { dtype: "BF16", data: halved(t.data) });
    });
    await withModel(half, async (model) => {
      assert.equal(model.info.precisionLabel, "fp32 (from BF16)");
      assert.deepEqual([...(await model.logits(ids)).data], want);
    });
  });
});

const wrong: [
  string,
  string,
  Record<string, unknown>,
  ((tensors: Record<string, TestTensor>) => void) | undefined,
  RegExp,
][] = [
  [
    "tensors that are missing, misshaped and too many",
    "llama",
    {},
    (tensors) => {
      delete tensors["model.layers.1.mlp.up_proj.weight"];
      tensors["model.norm.weight"] = f32([31], new Float32Array(31));
      tensors["model.layers.0.self_attn.q_proj.bias"] = f32([64], new Float32Array(64));
    },
    new RegExp(
      "Tensors missing: model\\.layers\\.1\\.mlp\\.up_proj\\.weight \\[48,32\\]\\. " +
        "Tensors of another shape: model\\.norm\\.weight \\[31\\], must be \\[32\\]\\. " +
        "Tensors of no use to the architecture: model\\.layers\\.0\\.self_attn\\.q_proj\\.bias \\[64\\]$",
    ),
  ],
  [
    "another family's tensors",
    "llama",
    { model_type: "gpt2", n_embd: 32, n_head: 2, n_layer: 2, n_positions: 64 },
    undefined,
    /missing: transformer\.wte\.weight \[64,32\]; .*and 20 more\. .*of no use/,
  ],
  [
    "a number that is not finite",
    "llama",
    {},
    (t) => t["model.norm.weight"] = f32([32], new Float32Array(32).fill(NaN)),
    /finalNorm holds a number that is not finite/,
  ],
  [
    "an unknown model_type",
    "llama",
    { model_type: "llama9" },
    undefined,
    /config\.json: its model_type is "llama9"; .*gemma2, .*llama/,
  ],
  ["a model_type that is no name", "llama", { model_type: 3 }, undefined, /model_type is 3, not a string/],
  [
    "a size that is text",
    "llama",
    { hidden_size: "32" },
    undefined,
    /hidden_size is "32", not a positive whole number/,
  ],
  ["a missing size", "llama", { vocab_size: null }, undefined, /vocab_size is null, not a positive whole number/],
  ["layers without end", "llama", { num_hidden_layers: 2 ** 31 - 1 }, undefined, /at most 10000 layers/],
  [
    "an activation that is not built",
    "llama",
    { hidden_act: "mish" },
    undefined,
    /hidden_act is "mish"; this version builds: silu, swish, gelu_new/,
  ],
  [
    "a feature that is not built",
    "phi",
    { qk_layernorm: true },
    undefined,
    /qk_layernorm is true; this version builds only false/,
  ],
  [
    "layer types that are not built",
    "gemma2",
    { layer_types: ["chunked_attention"] },
    undefined,
    /layer_types\[0\] is "chunked/,
  ],
  [
    "heads that do not fit",
    "phi",
    { num_attention_heads: 3, num_key_value_heads: 3 },
    undefined,
    /num_attention_heads 3 does not divide/,
  ],
];

for (const [what, family, config, change, message] of wrong) {
  Deno.test(`a folder with ${what} is refused, and leaves nothing in the cache`, async () => {
    await inTempFolder(async (folder) => {
      const path = await changedFamily(folder, family, config, change);
      await assert.rejects(openModel(path, { threads: 1 }), { message });
      assert.deepEqual(await Array.fromAsync(Deno.readDir(join(folder, "cache", "models"))).catch(() => []), []);
    });
  });
}

Deno.test("a folder without configuration, weights or a single file of them says what it lacks", async () => {
  await inTempFolder(async (folder) => {
    await assert.rejects(openModel(folder), /config\.json: there is no such file/);
    await Deno.writeTextFile(join(folder, "config.json"), "[1]");
    await assert.rejects(openModel(folder), /config\.json: it is not a JSON object/);
    await Deno.copyFile(join(goldens, "llama", "config.json"), join(folder, "config.json"));
    await assert.rejects(openModel(folder), /it has no \.safetensors file; pass a folder that has model/);
    for (const name of ["a", "b"]) await Deno.writeTextFile(join(folder, `${name}.safetensors`), "");
    await assert.rejects(openModel(folder), /a\.safetensors, b\.safetensors none is model\.safetensors/);
    await assert.rejects(openModel("./no/such/folder"), /there is no such folder; pass a/);
  });
});

Deno.test({
  name: "a reference's tokenizer may be bytes, a folder, a tokenizer.json",
  ignore: !optimum,
  async fn() {
    await inTempFolder(async () => {
      const { base } = await resolveModel(optimum!);
      const encoded = async (ref: Parameters<typeof openModel>[0]) => {
        let ids: number[] = [];
        await withModel(ref, async (model) => void (ids = await model.tokenizer.encode("ab")));
        return ids;
      };
      assert.deepEqual(await encoded(optimum!), [64, 65]);
      assert.deepEqual(await encoded({ ref: optimum!, tokenizer: "bytes" }), [97, 98]);
      assert.deepEqual(await encoded({ ref: base }), [97, 98]);
      assert.deepEqual(await encoded({ ref: base, tokenizer: optimum! }), [64, 65]);
      assert.deepEqual(await encoded({ ref: base, tokenizer: join(optimum!, "tokenizer.json") }), [64, 65]);
      await assert.rejects(openModel({ ref: base, tokenizer: "./none" }), /tokenizer "\.\/none": pass "bytes"/);
      await assert.rejects(openModel({ ref: base, tokenizer: "no-name" }), /Unknown model "no-name"/);
    });
  },
});
