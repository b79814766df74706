import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { tokenizerFromGguf } from "../../lib/model/gguf_tokenizer.ts";
import { TOKENIZER_VERSION } from "../../lib/model/tokenizer_files.ts";
import golden from "../golden/tokenizers_gguf.json" with { type: "json" };

/** What GGUF tokenizers are rebuilt into, by version. */
const BUILT = { version: 4, sha256: "c7b5be9bbae159e4" };

Deno.test("GGUF tokenizers are rebuilt as this TOKENIZER_VERSION says", () => {
  const hash = createHash("sha256");
  for (const pre of Object.keys(golden.ids)) {
    const metadata = {
      "tokenizer.ggml.model": "gpt2",
      "tokenizer.ggml.pre": pre,
      "tokenizer.ggml.tokens": golden.tokens,
      "tokenizer.ggml.token_type": golden.tokens.map(() => 1),
      "tokenizer.ggml.merges": golden.merges,
      "tokenizer.ggml.eos_token_id": 1,
    };
    hash.update(JSON.stringify(tokenizerFromGguf(metadata, "model.gguf")));
  }
  const now = { version: TOKENIZER_VERSION, sha256: hash.digest("hex").slice(0, 16) };
  assert.deepEqual(
    now,
    BUILT,
    "rebuilt tokenizers and hashes that machines remember would be taken for the new ones: if the tokenizers are meant to " +
      "differ, raise TOKENIZER_VERSION and write both down here",
  );
});
