/** What a tokenizer is once it is built: ids and ends of texts follow from this, not from one file alone. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheKey } from "../arch/build.ts";
import { filesIdentity } from "../arch/file_range.ts";
import type { ModelFacts } from "../arch/model_facts.ts";
import { cacheDir } from "../store/paths.ts";
import { remembered } from "../store/whole_file.ts";
import { cutTokenizer } from "./cut_tokenizer.ts";
import { bytesOf, TOKENIZER_VERSION, tokenizerReader } from "./tokenizer_files.ts";

type Parts = Pick<ModelFacts, "tokenizer" | "ends" | "vocabulary" | "vocabSize">;

/** Small files whose fields decide ids; they are told apart by what they hold. */
const CONFIGS = ["tokenizer_config.json", "config.json", "generation_config.json"];

/**
 * SHA-256 of a model's tokenizer as built: its tokenizer.json (of a GGUF the one that is made of its metadata), its ids
 * of BOS, EOS and all ends of texts, whether texts start with BOS, and what a cut of the vocabulary left. To build a large
 * one takes a second, so the hash is remembered for as long as no file that it is made of changes.
 *
 * @throws {TypeError} If the tokenizer is of a kind that is not built.
 */
export async function tokenizerFingerprint(model: Parts): Promise<string> {
  const { tokenizer, ends, vocabulary, vocabSize } = model;
  if (tokenizer === "bytes") {
    const { bosId, eosId, endIds } = await bytesOf(vocabulary ? 258 : vocabSize, ends);
    return sha256(["bytes", bosId, eosId, endIds, vocabulary]);
  }
  const key = cacheKey([TOKENIZER_VERSION, tokenizer, ends, await sourcesOf(model), vocabulary]);
  return await remembered(cacheDir("hashes", `${key}.json`), async () => {
    const file = (await tokenizerReader(tokenizer, ends))();
    const { tokenizer: json, bosId, eosId, endIds, addsBos } = vocabulary ? cutTokenizer(file, vocabulary) : file;
    return sha256([json, bosId, eosId, endIds, addsBos]);
  });
}

/** The state of all files that a tokenizer is made of. */
async function sourcesOf({ tokenizer, ends }: Parts): Promise<string[]> {
  const large: string[] = [], folders: string[] = [];
  if (ends && "gguf" in ends) large.push(ends.gguf);
  if (ends && "folder" in ends) folders.push(ends.folder);
  if (tokenizer !== "bytes" && "gguf" in tokenizer) large.push(tokenizer.gguf);
  if (tokenizer !== "bytes" && "json" in tokenizer) {
    large.push(tokenizer.json);
    folders.push(dirname(tokenizer.json));
  }
  const configs = [...new Set(folders)].flatMap((folder) => CONFIGS.map((name) => join(folder, name)));
  return [
    await filesIdentity([...new Set(large)]),
    ...configs.map((path) => existsSync(path) ? readFileSync(path, "utf8") : "none"),
  ];
}

function sha256(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
