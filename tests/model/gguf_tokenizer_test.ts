import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Tokenizer } from "tokenizers";
import { tokenizerFromGguf } from "../../lib/model/gguf_tokenizer.ts";
import type { TokenizerFile } from "../../lib/model/tokenizer.ts";

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

const rust = (file: TokenizerFile) => Tokenizer.fromString(JSON.stringify(file.tokenizer));
const { cases } = await read("manifest.json") as { cases: Case[] };

for (const { name, metadata, expected, addsBos, bosId, eosId } of cases) {
  Deno.test(`the GGUF tokenizer ${name} has llama.cpp's and its own tokenizer's ids and texts`, async () => {
    const file = tokenizerFromGguf(await read(metadata), "model.gguf");
    assert.deepEqual([file.addsBos, file.bosId, file.eosId], [addsBos, bosId, eosId]);
    const tokenizer = rust(file);
    const { texts } = await read(expected) as { texts: { text: string; ids: number[]; decoded?: string }[] };
    assert.ok(texts.length > 50);
    for (const { text, ids, decoded } of texts) {
      const encoding = await tokenizer.encode(text, null, { addSpecialTokens: false });
      assert.deepEqual(encoding.getIds(), ids, JSON.stringify(text));
      if (decoded !== undefined) assert.equal(await tokenizer.decode(ids, true), decoded);
    }
  });
}
