import assert from "node:assert/strict";
import { join } from "node:path";
import { openModel } from "../../lib/model/open_model.ts";
import { cacheDir } from "../../lib/store/paths.ts";
import { openGguf } from "../../lib/arch/gguf_file.ts";
import { ggufBytes, llamaMetadata, llamaTensors, type Metadata } from "./gguf_writer.ts";
import { inTempFolder } from "./temp_folder.ts";

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
      assert.deepEqual(await model.tokenizer.encode("abba"), [2, 1, 0], `round ${round}`);
      assert.equal((await model.generate("ab", { maxNewTokens: 4, ignoreEos: true }))[0].ids.length, 4);
      await model.close();
    }
    assert.equal([...Deno.readDirSync(cacheDir("models"))].length, 1);
  });
});

const withKeys = (changes: Metadata) => ggufBytes(llamaMetadata(changes), llamaTensors());
/** The file with other bytes from `at` on. */
const withBytes = (at: number, bytes: number[]) => {
  const all = whole();
  all.set(bytes, at);
  return all;
};

const wide = Object.fromEntries(
  Object.entries(llamaMetadata()).map((
    [key, value],
  ) => [key, Number.isInteger(value) ? BigInt(value as number) : value]),
);
const right: [string, () => Uint8Array<ArrayBuffer>][] = [
  ["of version 2", () => ggufBytes(llamaMetadata(), llamaTensors(), { version: 2 })],
  ["with 64-bit counts", () => ggufBytes(wide, llamaTensors())],
  ["with tensors and keys in another order", () => {
    const keys = Object.entries(llamaMetadata()).reverse();
    return ggufBytes(Object.fromEntries(keys), llamaTensors().reverse());
  }],
  ...[8, 64, 4096].map((alignment): [string, () => Uint8Array<ArrayBuffer>] => [
    `aligned to ${alignment} bytes`,
    () => ggufBytes(llamaMetadata({ "general.alignment": alignment }), llamaTensors(), { alignment }),
  ]),
  ["without the counts that have a default", () => {
    const { "llama.vocab_size": _, ...metadata } = llamaMetadata({ "llama.attention.head_count_kv": [1] });
    return ggufBytes(metadata, llamaTensors());
  }],
];

for (const [what, bytes] of right) {
  Deno.test(`a GGUF ${what} is the same model`, async () => {
    await inTempFolder(async (folder) => {
      const logits = [];
      for (const file of [bytes(), whole()]) {
        await Deno.writeFile(join(folder, "model.gguf"), file);
        const model = await openModel(join(folder, "model.gguf"), { threads: 1 });
        logits.push((await model.logits([0, 1, 2])).data.slice());
        await model.close();
        await Deno.remove(cacheDir(), { recursive: true });
      }
      assert.deepEqual(logits[0], logits[1]);
    });
  });
}

Deno.test("texts of a GGUF keep every character, a byte order mark at their start too", async () => {
  await inTempFolder(async (folder) => {
    const path = join(folder, "model.gguf"), tokens = ["\ufeffa", "\ufeff", "é🙂\0", ""];
    await Deno.writeFile(path, withKeys({ "tokenizer.ggml.tokens": tokens, "__proto__x": 1 }));
    const { metadata } = await openGguf(path);
    assert.deepEqual(metadata["tokenizer.ggml.tokens"], tokens);
  });
});

Deno.test("a GGUF's weights are called by their name and their true bits", async () => {
  await inTempFolder(async (folder) => {
    const path = join(folder, "model.gguf");
    const of = async (metadata: Metadata, tensors = llamaTensors()) => {
      await Deno.writeFile(path, ggufBytes(metadata, tensors));
      return (await openGguf(path)).quantisation;
    };
    // By hand: 3,072 of 6,368 numbers as Q8_0, 34 bytes for 32: (3,296 * 4 + 96 * 34) * 8 / 6,368.
    const mixed = llamaTensors().map((t) =>
      t.name.includes("ffn_") && t.shape.length === 2 ? { ...t, type: 8, data: new Uint8Array(1024 / 32 * 34) } : t
    );
    assert.equal(await of(llamaMetadata()), "F32");
    assert.equal(await of(llamaMetadata({ "general.file_type": 15 }), mixed), "Q4_K_M, 20.7 bits a weight");
    assert.equal(await of(llamaMetadata(), mixed), "F32, 20.7 bits a weight");
    assert.equal(await of(llamaMetadata({ "general.file_type": 999 }), mixed), "F32, 20.7 bits a weight");
  });
});

const damaged: [string, () => Uint8Array<ArrayBuffer>, RegExp][] = [
  ["eight bytes", () => whole().slice(0, 8), /damaged\.gguf as GGUF: it has only 8 bytes; the file is truncated/],
  ["half a header", () => whole().slice(0, 200), /damaged\.gguf as GGUF/],
  ["a cut data section", () => whole().slice(0, -4096), /tensor blk\.0\.\w+\.weight .*lies outside the file/],
  [
    "another format",
    () => new TextEncoder().encode("PK".padEnd(100)),
    /damaged\.gguf as GGUF: it starts with "PK {2}"/,
  ],
  ["another byte order", () => withBytes(4, [0, 0, 0, 3]), /damaged\.gguf as GGUF: it is big-endian \(version 3\)/],
  ["version 1", () => withBytes(4, [1, 0, 0, 0]), /damaged\.gguf as GGUF: it is of version 1, .*reads 2 and 3/],
  ["more tensors than fit", () => withBytes(13, [1]), /its count of tensors claims 1099511627787 tensors in/],
  ["more keys than fit", () => withBytes(22, [1]), /its count of keys claims \d+ keys in/],
  ["a longer key than fits", () => withBytes(29, [1]), /the name of key 1 of 15 claims \d+ characters in/],
  ["a value of an unknown type", () => withBytes(52, [13]), /key "general\.architecture" has a value of type 13/],
  ["a tensor twice", () => withTensor((t) => t[3].name = t[2].name), /tensor blk\.0\.attn_norm\.weight is there twice/],
  ["an alignment of 33", () => withKeys({ "general.alignment": 33 }), /general\.alignment is 33, not a power of two/],
  [
    "a count past 2^53",
    () => withKeys({ "llama.block_count": 2n ** 63n }),
    /llama\.block_count is 9223372036854775808, not a number of at most 53 bits/,
  ],
  ["half a layer", () => withKeys({ "llama.block_count": 1.5 }), /llama\.block_count is 1\.5, not a whole number/],
  [
    "fewer entries than layers",
    () => withKeys({ "llama.attention.head_count_kv": [] as number[] }),
    /no key llama\.attention\.head_count_kv\[0\]/,
  ],
  [
    "fewer tokens than rows",
    () => withKeys({ "tokenizer.ggml.tokens": ["a", "b", "ab"], "tokenizer.ggml.token_type": [1, 1, 1] }),
    /tokenizer\.ggml\.tokens says 3 tokens, and token_embd\.weight has 4 rows/,
  ],
  [
    "a shape past 2^53",
    () => withTensor((t) => t[3].shape = [2n ** 40n, 2n ** 40n]),
    /attn_q\.weight \(4835703278458516698824704 bytes at offset \d+\) lies outside/,
  ],
  ["five axes", () => withTensor((t) => t[3].shape = [2, 2, 2, 2, 2]), /attn_q\.weight has 5 axes, more than 4/],
  ["an empty tensor", () => withTensor((t) => t[3].shape = [32, 0]), /shape \[32,0\], which F32 cannot hold/],
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
    /tokenizer of .*damaged\.gguf: its tokenizer\.ggml\.model is "bert".*knows .*gpt2/,
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
  ["hf:owner", {}, /"hf:owner": a model of the hub is hf:owner\/name/],
  ["some/model.onnx", {}, /some\/model\.onnx: there is no such file/],
];

for (const [ref, options, message] of unknown) {
  Deno.test(`openModel(${JSON.stringify(ref)}, ${JSON.stringify(options)}) says what there is`, async () => {
    await assert.rejects(openModel(ref, options), { message });
  });
}
