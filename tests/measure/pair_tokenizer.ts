/** A tokenizer that reads "ab" as one token and everything else byte by byte: against bytes, its tokens are known by hand. */
import { join } from "node:path";
import type { ModelRef } from "../../lib/arch/model_ref.ts";
import type { ArchSpec } from "../../lib/arch/spec.ts";
import { tinySpec } from "./fake_host.ts";

const LETTERS = ["a", "b", "c", "\n", " "];

/** A folder with such a tokenizer.json; delete it afterwards. */
export async function pairTokenizer(): Promise<string> {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(
    join(folder, "tokenizer.json"),
    JSON.stringify({
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: null,
      post_processor: null,
      decoder: null,
      model: {
        type: "BPE",
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab: Object.fromEntries([...LETTERS, "ab"].map((token, id) => [token, id])),
        merges: ["a b"],
      },
    }),
  );
  return folder;
}

/** `bytes` reads bytes, `pairs` pairs, `bare` has no tokenizer; each name is also the fake host's. */
export function twoTokenizers(folder: string): { bytes: ModelRef; pairs: ModelRef; bare: ArchSpec } {
  return {
    bytes: { ref: tinySpec("bytes"), tokenizer: "bytes" },
    pairs: { ref: tinySpec("pairs"), tokenizer: folder },
    bare: tinySpec("bare"),
  };
}
