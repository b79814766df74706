import assert from "node:assert/strict";
import { join } from "node:path";
import { tokenizerFromJson, tokenizerOf, tokenizerReader } from "../../lib/model/tokenizer_files.ts";

/** A byte-level BPE tokenizer that knows a few letters. */
const tokenizer = (changes: Record<string, unknown> = {}) => ({
  added_tokens: [
    { id: 4, content: "<s>", special: true, single_word: false, lstrip: false, rstrip: false, normalized: false },
    { id: 5, content: "</s>", special: true, single_word: false, lstrip: false, rstrip: false, normalized: false },
  ],
  normalizer: null,
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: null,
  decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: { type: "BPE", vocab: { a: 0, b: 1, ab: 2, c: 3 }, merges: ["a b"] },
  ...changes,
});

const startsWith = (id: string) => ({
  type: "TemplateProcessing",
  single: [{ SpecialToken: { id, type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
  pair: [],
  special_tokens: { [id]: { id, ids: [4], tokens: [id] } },
});

async function withFiles(files: Record<string, unknown>, use: (path: string) => Promise<void> | void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, value] of Object.entries(files)) {
      await Deno.writeTextFile(join(folder, name), typeof value === "string" ? value : JSON.stringify(value));
    }
    await use(join(folder, "tokenizer.json"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const cases: [string, Record<string, unknown>, [number | null, number | null, boolean]][] = [
  ["tokenizer.json alone", { "tokenizer.json": tokenizer() }, [null, null, false]],
  [
    "names in tokenizer_config.json",
    {
      "tokenizer.json": tokenizer(),
      "tokenizer_config.json": { bos_token: "<s>", eos_token: { content: "</s>" } },
      "config.json": { bos_token_id: 1, eos_token_id: 1 },
    },
    [4, 5, false],
  ],
  [
    "a token of the vocabulary",
    { "tokenizer.json": tokenizer(), "tokenizer_config.json": { bos_token: "c", eos_token: "constructor" } },
    [3, null, false],
  ],
  [
    "ids in config.json, several of them",
    { "tokenizer.json": tokenizer(), "config.json": { bos_token_id: 4, eos_token_id: [5, 3] } },
    [4, 5, false],
  ],
  [
    "a flag",
    { "tokenizer.json": tokenizer(), "tokenizer_config.json": { bos_token: "<s>", add_bos_token: true } },
    [4, null, true],
  ],
  [
    "a template",
    {
      "tokenizer.json": tokenizer({ post_processor: startsWith("<s>") }),
      "tokenizer_config.json": { bos_token: "<s>" },
    },
    [4, null, true],
  ],
  [
    "a template in a sequence",
    {
      "tokenizer.json": tokenizer({
        post_processor: { type: "Sequence", processors: [{ type: "ByteLevel" }, startsWith("<s>")] },
      }),
      "config.json": { bos_token_id: 4 },
    },
    [4, null, true],
  ],
  [
    "a template that starts with another token",
    {
      "tokenizer.json": tokenizer({ post_processor: startsWith("</s>") }),
      "tokenizer_config.json": { bos_token: "<s>" },
    },
    [4, null, false],
  ],
];

for (const [what, files, want] of cases) {
  Deno.test(`BOS, EOS and whether texts start with BOS are found in ${what}`, async () => {
    await withFiles(files, (path) => {
      const { bosId, eosId, addsBos } = tokenizerFromJson(path);
      assert.deepEqual([bosId, eosId, addsBos], want);
    });
  });
}

Deno.test("a tokenizer.json encodes without adding anything, and decodes without special tokens", async () => {
  await withFiles({ "tokenizer.json": tokenizer({ post_processor: startsWith("<s>") }) }, async (path) => {
    const opened = await tokenizerOf({ json: path }, 6, null);
    assert.deepEqual(await opened.encode("abca"), [2, 3, 0]);
    assert.deepEqual(await opened.encode("<s>ab</s>"), [4, 2, 5]);
    assert.equal(await opened.decode([4, 2, 5]), "ab");
    assert.equal(await opened.decode([4, 2, 5], { specialTokens: true }), "<s>ab</s>");
  });
});

Deno.test("files that are no tokenizer are refused by name", async () => {
  await withFiles({ "tokenizer.json": "[]" }, (path) => {
    assert.throws(() => tokenizerFromJson(path), /tokenizer\.json: it is not a JSON object/);
  });
  await withFiles({ "tokenizer.json": "{" }, (path) => {
    assert.throws(() => tokenizerFromJson(path), /tokenizer\.json: it is not a JSON object/);
  });
  await withFiles({ "tokenizer.json": { model: null } }, (path) => {
    assert.throws(() => tokenizerFromJson(path), /tokenizer\.json: it has no object model/);
  });
});

Deno.test("what had to be assumed for a GGUF's tokenizer is said once, by the file's name", async () => {
  const path = join(import.meta.dirname!, "..", "cases", "gguf-tokenizers", "no-pre.gguf");
  const said: string[] = [], warn = console.warn;
  console.warn = (text: string) => said.push(text);
  try {
    const read = await tokenizerReader({ gguf: path });
    assert.equal(said.length, 0, "timing never reads it");
    read();
    read();
  } finally {
    console.warn = warn;
  }
  assert.equal(said.length, 1);
  assert.match(said[0], /^Tokenizer of .*no-pre\.gguf: it has no tokenizer\.ggml\.pre; texts are split as/);
});
