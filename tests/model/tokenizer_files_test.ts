import assert from "node:assert/strict";
import { join } from "node:path";
import { openModel } from "../../lib/model/open_model.ts";
import { tokenizerFromJson, tokenizerOf, tokenizerReader } from "../../lib/model/tokenizer_files.ts";
import { tinySpec } from "./tiny_spec.ts";

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
    "a config.json as Python writes Mamba-2's",
    {
      "tokenizer.json": tokenizer(),
      "config.json": '{"time_step_limit": [0.0, Infinity], "bos_token_id": 4, "eos_token_id": 5}',
    },
    [4, 5, false],
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
    "a processor as BERT's",
    { "tokenizer.json": tokenizer({ post_processor: { type: "BertProcessing", cls: ["<s>", 4], sep: ["</s>", 5] } }) },
    [4, null, true],
  ],
  [
    "a processor as RoBERTa's",
    {
      "tokenizer.json": tokenizer({
        post_processor: { type: "RobertaProcessing", cls: ["<s>", 4], sep: ["</s>", 5], trim_offsets: true },
      }),
      "tokenizer_config.json": { bos_token: "<s>", eos_token: "</s>" },
    },
    [4, 5, true],
  ],
  [
    "a template alone",
    { "tokenizer.json": tokenizer({ post_processor: startsWith("<s>") }) },
    [4, null, true],
  ],
  [
    "a list of pieces with scores",
    {
      "tokenizer.json": tokenizer({
        model: { type: "Unigram", vocab: [["<unk>", 0], ["</s>", 0]], unk_id: 0 },
        added_tokens: [],
      }),
      "tokenizer_config.json": { eos_token: "</s>" },
    },
    [null, 1, false],
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

Deno.test("a tokenizer with ids that the model lacks is refused before a session is made, with fewer it is taken", async () => {
  await withFiles({ "tokenizer.json": tokenizer() }, async (path) => {
    const open = (vocabSize: number) => openModel({ ref: tinySpec({ vocabSize }), tokenizer: path }, { threads: 1 });
    for (const vocabSize of [6, 64]) await (await open(vocabSize)).close();
    await assert.rejects(open(5), (error: Error) => {
      assert.equal(error.name, "RangeError");
      const want = `Cannot use the tokenizer ${path}: it has ids up to 5, and the model's vocabSize is 5 (ids 0 to 4)`;
      assert.ok(error.message.startsWith(want), error.message);
      return true;
    });
  });
});

Deno.test("a tokenizer that the library cannot open is refused when the model opens, by file and field", async () => {
  await withFiles({ "tokenizer.json": tokenizer({ normalizer: { type: "Shout" } }) }, async (path) => {
    await assert.rejects(openModel({ ref: tinySpec(), tokenizer: path }, { threads: 1 }), (error: Error) => {
      assert.equal(error.name, "SyntaxError");
      assert.ok(
        error.message.startsWith(`Cannot read the tokenizer ${path}: its normalizer (type "Shout") is unknown`),
      );
      return true;
    });
  });
});

Deno.test("a file larger than any tokenizer is refused before it is read", async () => {
  await withFiles({ "tokenizer.json": tokenizer() }, async (path) => {
    await Deno.truncate(path, 200_000_000); // a hole: it takes no space
    await assert.rejects(openModel({ ref: tinySpec(), tokenizer: path }, { threads: 1 }), {
      name: "RangeError",
      message: /tokenizer\.json: 200000000 bytes are more than any tokenizer has/,
    });
  });
});

Deno.test("a changed file is judged anew", async () => {
  await withFiles({ "tokenizer.json": tokenizer() }, async (path) => {
    await tokenizerOf({ json: path }, 6, null);
    await Deno.writeTextFile(path, JSON.stringify(tokenizer({ decoder: { type: "Sequence", decoders: [{}] } })));
    await assert.rejects(tokenizerOf({ json: path }, 6, null), /its decoder\.decoders\[0\] is unknown/);
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
    const read = await tokenizerReader({ gguf: path }, null);
    assert.equal(said.length, 0, "timing never reads it");
    read();
    read();
  } finally {
    console.warn = warn;
  }
  assert.equal(said.length, 1);
  assert.match(said[0], /^Tokenizer of .*no-pre\.gguf: it has no tokenizer\.ggml\.pre; texts are split as/);
});
