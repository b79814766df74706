import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import golden from "../golden/gguf_pre_tokenizers.json" with { type: "json" };
import { preTokenizerNames } from "../../lib/model/gguf_pre_tokenizers.ts";
import { tokenizerFromGguf } from "../../lib/model/gguf_tokenizer.ts";
import { openModel } from "../../lib/model/open_model.ts";
import { rust } from "./rust_tokenizer.ts";

type Metadata = Record<string, unknown>;

const CASES = join(import.meta.dirname!, "..", "cases", "gguf-tokenizers");
const read = async (name: string) => JSON.parse(await readFile(join(CASES, name), "utf8"));

interface Case {
  name: string;
  metadata: string;
  expected: string;
  addsBos: boolean;
  bosId: number;
  eosId: number;
}

const { cases } = await read("manifest.json") as { cases: Case[] };

for (const { name, metadata, expected, addsBos, bosId, eosId } of cases) {
  Deno.test(`the GGUF tokenizer ${name} has llama.cpp's and its own tokenizer's ids and texts`, async () => {
    const file = tokenizerFromGguf(await read(metadata), "model.gguf");
    assert.deepEqual([file.addsBos, file.bosId, file.eosId], [addsBos, bosId, eosId]);
    const { encode, decode } = rust(file);
    const { texts } = await read(expected) as { texts: { text: string; ids: number[]; decoded?: string }[] };
    for (const { text, ids, decoded } of texts) {
      assert.deepEqual(await encode(text), ids, JSON.stringify(text));
      if (decoded !== undefined) assert.equal(await decode(ids), decoded);
    }
  });
}

const byteLevel = (changes: Metadata = {}): Metadata => ({
  "tokenizer.ggml.model": "gpt2",
  "tokenizer.ggml.pre": "gpt-2",
  "tokenizer.ggml.tokens": golden.tokens,
  "tokenizer.ggml.token_type": golden.types,
  "tokenizer.ggml.merges": golden.merges,
  ...changes,
});

for (const { names, by, ids, bosId, eosId, addsBos } of golden.groups) {
  Deno.test(`tokenizer.ggml.pre ${names.join(", ")}: ids by ${by}, BOS and EOS by llama.cpp`, async () => {
    for (const pre of names) {
      const file = tokenizerFromGguf(byteLevel({ "tokenizer.ggml.pre": pre }), "model.gguf");
      assert.deepEqual([file.bosId, file.eosId, file.addsBos, file.warnings], [bosId, eosId, addsBos, undefined], pre);
      const { encode } = rust(file);
      for (const [i, text] of golden.texts.entries()) assert.deepEqual(await encode(text), ids[i], `${pre}: ${text}`);
    }
  });
}

Deno.test("every name that is known has ids of a reference, but for those of SentencePiece's kind", () => {
  const tested = golden.groups.flatMap(({ names }) => names);
  assert.deepEqual(
    preTokenizerNames().filter((name) => !tested.includes(name)),
    ["gemma4", "granite-embed-multi-311m", "sarvam-moe"],
  );
});

Deno.test("ends of text are matched whole though a file calls them normal", async () => {
  const tokens = [...golden.tokens, "<|im_end|>"], types = [...golden.types, 1];
  const file = byteLevel({ "tokenizer.ggml.tokens": tokens, "tokenizer.ggml.token_type": types });
  const { encode, decode } = rust(tokenizerFromGguf(file, "m"));
  const ids = await encode("x<|im_end|>");
  assert.equal(ids.at(-1), tokens.length - 1);
  assert.equal(await decode(ids), "x");
});

Deno.test("add_bos_token of the file goes before the rule of its kind", () => {
  for (const [pre, key, want] of [["llama-bpe", false, false], ["qwen2", true, true]] as const) {
    const file = byteLevel({ "tokenizer.ggml.pre": pre, "tokenizer.ggml.add_bos_token": key });
    assert.equal(tokenizerFromGguf(file, "m").addsBos, want);
  }
});

const warnings: [what: string, changes: Metadata, bosAndEos: unknown[], RegExp[]][] = [
  ["no tokenizer.ggml.pre", { "tokenizer.ggml.pre": undefined }, [11, 11], [
    /has no tokenizer\.ggml\.pre; .*"default"/,
  ]],
  ["an EOS outside the vocabulary", { "tokenizer.ggml.eos_token_id": 2 ** 32 - 1 }, [11, 11], [
    /tokenizer\.ggml\.eos_token_id is 4294967295, none of its 761 tokens; 11, "<\|11\|>", is taken for EOS/,
  ]],
  ["no BOS where none is named, and no EOS", { "tokenizer.ggml.pre": "glm4", "tokenizer.ggml.token_type": undefined }, [
    null,
    11,
  ], [/eos_token_id is missing; 11, .* is taken for EOS/]],
];
for (const [what, changes, bosAndEos, patterns] of warnings) {
  Deno.test(`a GGUF tokenizer with ${what} is built with a warning that names file, key and what was taken`, () => {
    const { bosId, eosId, warnings = [] } = tokenizerFromGguf(byteLevel(changes), "model.gguf");
    assert.deepEqual([bosId, eosId], bosAndEos);
    assert.equal(warnings.length, patterns.length, warnings.join("\n"));
    patterns.forEach((pattern, i) => assert.match(warnings[i], pattern));
    for (const warning of warnings) assert.match(warning, /^Tokenizer of model\.gguf: .*tokenizer\.json/);
  });
}

const tokens = (...more: string[]) => ({ "tokenizer.ggml.tokens": [...golden.tokens, ...more] });
const refused: [what: string, Metadata, { name: string; message: RegExp }][] = [
  ["no model", { "tokenizer.ggml.pre": "gpt-2" }, { name: "TypeError", message: /tokenizer\.ggml\.model is missing/ }],
  ["another model", byteLevel({ "tokenizer.ggml.model": "bert" }), {
    name: "TypeError",
    message: /tokenizer\.ggml\.model is "bert"; this version knows llama, gpt2, gemma4\. .*tokenizer\.json/,
  }],
  ["an unknown pre", byteLevel({ "tokenizer.ggml.pre": "gpt-9" }), {
    name: "TypeError",
    message: /tokenizer\.ggml\.pre is "gpt-9"; this version knows default, gpt-2, .*llama-bpe/,
  }],
  ["a pre that is a name of JavaScript's", byteLevel({ "tokenizer.ggml.pre": "constructor" }), {
    name: "TypeError",
    message: /tokenizer\.ggml\.pre is "constructor"/,
  }],
  ["a pre that is no text", byteLevel({ "tokenizer.ggml.pre": 3 }), bad(/tokenizer\.ggml\.pre is 3, not a text/)],
  ["no tokens", byteLevel({ "tokenizer.ggml.tokens": undefined }), bad(/has no tokenizer\.ggml\.tokens/)],
  ["an empty list of tokens", byteLevel({ "tokenizer.ggml.tokens": [] }), bad(/tokenizer\.ggml\.tokens is empty/)],
  [
    "a token that is no text",
    byteLevel({ "tokenizer.ggml.tokens": ["a", 7] }),
    bad(/tokenizer\.ggml\.tokens.*number 1 is 7/),
  ],
  [
    "a token twice",
    byteLevel({ ...tokens("!"), "tokenizer.ggml.token_type": undefined }),
    bad(/tokens has "!" twice, as 0 and 761/),
  ],
  ["too few types", byteLevel(tokens("new")), bad(/tokens has 762 entries, but tokenizer\.ggml\.token_type 761/)],
  ["types that are no numbers", byteLevel({ "tokenizer.ggml.token_type": "1" }), bad(/token_type is "1", not a list/)],
  ["no merges", byteLevel({ "tokenizer.ggml.merges": undefined }), bad(/has no tokenizer\.ggml\.merges/)],
  [
    "a merge of one part",
    byteLevel({ "tokenizer.ggml.merges": ["a b", "ab"] }),
    bad(/merges: number 1 is "ab", not two tokens/),
  ],
  [
    "a merge of unknown parts",
    byteLevel({ "tokenizer.ggml.merges": ["a qqq"] }),
    bad(/merges: number 0 is "a qqq", but "qqq" is not/),
  ],
  [
    "a merge of no token",
    byteLevel({ "tokenizer.ggml.merges": ["! #"] }),
    bad(/merges: number 0 is "! #", but "!#" is not/),
  ],
  [
    "a flag that is none",
    byteLevel({ "tokenizer.ggml.add_bos_token": "no" }),
    bad(/add_bos_token is "no", not true or false/),
  ],
  [
    "a flag that is a number of 64 bits",
    byteLevel({ "tokenizer.ggml.add_bos_token": 1n }),
    bad(/add_bos_token is 1, not true or false/),
  ],
  ["a pre that is a list of them", byteLevel({ "tokenizer.ggml.pre": [3n] }), bad(/ggml\.pre is a list, not a text/)],
  [
    "BOS wanted but not named",
    byteLevel({ "tokenizer.ggml.pre": "glm4", "tokenizer.ggml.add_bos_token": true }),
    bad(/start with BOS, but it has no tokenizer\.ggml\.bos_token_id/),
  ],
];
function bad(message: RegExp) {
  return { name: "SyntaxError", message };
}
for (const [what, metadata, error] of refused) {
  Deno.test(`a GGUF tokenizer with ${what} is refused by file and key`, () => {
    assert.throws(() => tokenizerFromGguf(metadata, "model.gguf"), error);
    assert.throws(
      () => tokenizerFromGguf(metadata, "model.gguf"),
      /^\w+: Cannot rebuild the tokenizer of model\.gguf: /,
    );
  });
}

Deno.test("a model in a GGUF file has its SentencePiece tokenizer", async () => {
  const { texts } = await read("spm-defaults.expected.json") as {
    texts: { text: string; ids: number[]; decoded: string }[];
  };
  const model = await openModel(join(CASES, "spm-defaults.gguf"));
  try {
    const { tokenizer } = model;
    assert.deepEqual([tokenizer.bosId, tokenizer.eosId, tokenizer.addsBos], [1, 2, true]);
    assert.deepEqual(await tokenizer.encodeBatch(texts.map(({ text }) => text)), texts.map(({ ids }) => ids));
    for (const { ids, decoded } of texts) assert.equal(await tokenizer.decode(ids), decoded);
  } finally {
    await model.close();
  }
});
