import assert from "node:assert/strict";
import { join } from "node:path";
import { openModel } from "../../lib/model/language_model.ts";
import { cacheDir } from "../../lib/store/paths.ts";
import { ggufBytes, llamaMetadata, llamaTensors } from "./gguf_writer.ts";

/** Run with a cache of its own, so that nothing of the test stays. */
async function inTempFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const before = Deno.env.get("ARCHBENCH_CACHE");
  Deno.env.set("ARCHBENCH_CACHE", join(folder, "cache"));
  try {
    await use(folder);
  } finally {
    if (before === undefined) Deno.env.delete("ARCHBENCH_CACHE");
    else Deno.env.set("ARCHBENCH_CACHE", before);
    await Deno.remove(folder, { recursive: true });
  }
}

const whole = () => ggufBytes(llamaMetadata(), llamaTensors());
const withTensor = (change: (tensors: ReturnType<typeof llamaTensors>) => void) => {
  const tensors = llamaTensors();
  change(tensors);
  return ggufBytes(llamaMetadata(), tensors);
};

Deno.test("a small GGUF of fp32 weights opens, runs, and is cached", async () => {
  await inTempFolder(async (folder) => {
    const path = join(folder, "tiny.gguf");
    await Deno.writeFile(path, whole());
    for (const round of [1, 2]) {
      const model = await openModel(path, { threads: 1 });
      assert.equal(model.info.precisionLabel, "fp32");
      assert.deepEqual(model.tokenizer.encode("abba"), [2, 1, 0], `round ${round}`);
      assert.equal((await model.generate("ab", { maxNewTokens: 4, ignoreEos: true }))[0].ids.length, 4);
      await model.close();
    }
    assert.equal([...Deno.readDirSync(cacheDir("models"))].length, 1);
  });
});

const damaged: [string, () => Uint8Array<ArrayBuffer>, RegExp][] = [
  ["eight bytes", () => whole().slice(0, 8), /damaged\.gguf as GGUF: it has only 8 bytes; the file is truncated/],
  ["half a header", () => whole().slice(0, 200), /damaged\.gguf as GGUF/],
  ["a cut data section", () => whole().slice(0, -4096), /tensor blk\.0\.\w+\.weight .*lies outside the file/],
  ["another format", () => new TextEncoder().encode("PK".padEnd(100)), /damaged\.gguf as GGUF/],
  [
    "an offset far outside the file",
    () => withTensor((t) => t[3].offset = 2 ** 40),
    /attn_q\.weight \(4096 bytes at offset \d+\) lies outside the file/,
  ],
  ["an offset that is not aligned", () => withTensor((t) => t[3].offset = 33), /not aligned to 32/],
  [
    "an unknown quantisation",
    () => withTensor((t) => t[3].type = 77),
    /attn_q\.weight.*unknown quantisation.*77.*Q4_1/,
  ],
  [
    "a shape that blocks cannot hold",
    () => withTensor((t) => t[3].type = 12),
    /shape \[32,32\], which Q4_K cannot hold/,
  ],
  [
    "a tensor of another size",
    () => withTensor((t) => t[3].shape = [32, 16]),
    /layer 0, attn_q is 16 x 32.*needs 32 x 32/,
  ],
  ["a missing tensor", () => withTensor((t) => t.splice(3, 1)), /missing: blk\.0\.attn_q\.weight/],
  [
    "an architecture that is not built",
    () => ggufBytes(llamaMetadata({ "general.architecture": "mamba" }), llamaTensors()),
    /architecture is "mamba"; this version runs: llama/,
  ],
  [
    "a head count that does not fit",
    () =>
      ggufBytes(
        llamaMetadata({ "llama.attention.head_count_kv": 3, "llama.attention.key_length": 16 }),
        llamaTensors(),
      ),
    /kvHeads 3 does not divide heads 2/,
  ],
  [
    "a tokenizer of another kind",
    () => ggufBytes(llamaMetadata({ "tokenizer.ggml.model": "bert" }), llamaTensors()),
    /tokenizer of .*damaged\.gguf: model "bert".*knows gpt2/,
  ],
];

for (const [what, bytes, message] of damaged) {
  Deno.test(`a GGUF with ${what} is refused, and leaves nothing in the cache`, async () => {
    await inTempFolder(async (folder) => {
      const path = join(folder, "damaged.gguf");
      await Deno.writeFile(path, bytes());
      await assert.rejects(openModel(path, { threads: 1 }), { message });
      const left = await Array.fromAsync(Deno.readDir(cacheDir("models"))).catch(() => []);
      assert.deepEqual(left.map((entry) => entry.name), []);
    });
  });
}

const unknown: [string, Record<string, unknown>, RegExp][] = [
  ["none.gguf", {}, /none\.gguf: there is no such file/],
  ["smollm9", {}, /"smollm9".*smollm2-135m/],
  ["smollm2-135m", { precision: "fp33" }, /precision is "fp33"; did you mean "fp32"\? There are: fp32, fp16/],
  ["smollm2-135m", { precision: "bf16" }, /"bf16" does not run on the CPU.*fp32, int8, int4, stored/],
  [
    "smollm2-135m",
    { provider: "cudda" },
    /provider is "cudda"; did you mean "cuda"\? There are: auto, cuda, webgpu, cpu/,
  ],
  ["smollm2-135m", { provider: "cuda" }, /"cuda" cannot run.*cpu/],
  ["smollm2-135m", { threads: 0 }, /threads must be an integer >= 1, got 0/],
  ["hf:owner/repo", {}, /"hf:owner\/repo": models of the hub are not built yet/],
  ["some/model.onnx", {}, /some\/model\.onnx.*ONNX files are not built yet/],
];

for (const [ref, options, message] of unknown) {
  Deno.test(`openModel(${JSON.stringify(ref)}, ${JSON.stringify(options)}) says what there is`, async () => {
    await assert.rejects(openModel(ref, options), { message });
  });
}
