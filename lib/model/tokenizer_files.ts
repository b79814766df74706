/** Tokenizers that lie in files: in a GGUF's metadata, or as tokenizer.json with its neighbours. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheKey } from "../arch/build.ts";
import { openGguf } from "../arch/gguf_file.ts";
import type { TokenizerOrigin } from "../arch/origin.ts";
import { cacheDir } from "../store/paths.ts";
import { writeWhole } from "../store/whole_file.ts";
import { cutTokenizer, renumbered } from "./cut_tokenizer.ts";
import { tokenizerFromGguf } from "./gguf_tokenizer.ts";
import { byteTokenizer, openTokenizer, type Tokenizer, type TokenizerFile } from "./tokenizer.ts";
import { warnOnce } from "./warn_once.ts";

type Json = Record<string, unknown>;

/** Goes up whenever a tokenizer is rebuilt otherwise from the same file. */
const REBUILD_VERSION = 2;

/**
 * The tokenizer of a reference.
 *
 * @param vocabulary The ids that a cut of the vocabulary left; null: all.
 * @throws {TypeError} If a GGUF's tokenizer is of a kind that is not built yet.
 */
export async function tokenizerOf(
  origin: TokenizerOrigin,
  vocabSize: number,
  vocabulary: number[] | null,
): Promise<Tokenizer> {
  if (origin === "bytes") {
    return vocabulary ? renumbered(byteTokenizer(258), vocabulary) : byteTokenizer(vocabSize);
  }
  const read = await tokenizerReader(origin);
  return openTokenizer(vocabulary ? () => cutTokenizer(read(), vocabulary) : read);
}

/** Reads a tokenizer's file: late, since that takes long and timing never needs it. */
export async function tokenizerReader(origin: Exclude<TokenizerOrigin, "bytes">): Promise<() => TokenizerFile> {
  if ("json" in origin) return () => tokenizerFromJson(origin.json);
  const cached = await rebuilt(origin.gguf);
  return () => {
    const file: TokenizerFile = JSON.parse(Deno.readTextFileSync(cached));
    file.warnings?.forEach(warnOnce);
    return file;
  };
}

/** The tokenizer of a GGUF, rebuilt once: reading a large vocabulary out of its metadata takes longer. */
async function rebuilt(path: string): Promise<string> {
  const { size, mtime } = await Deno.stat(path);
  const file = cacheDir("tokenizers", `${cacheKey([REBUILD_VERSION, path, size, mtime?.getTime()])}.json`);
  if (!existsSync(file)) {
    await writeWhole(file, JSON.stringify(tokenizerFromGguf((await openGguf(path)).metadata, path)));
  }
  return file;
}

/**
 * A tokenizer.json, with the ids of BOS and EOS from tokenizer_config.json beside it, or else config.json.
 *
 * @throws {SyntaxError} If one of the files is no JSON object.
 */
export function tokenizerFromJson(path: string): TokenizerFile {
  const tokenizer = readObject(path);
  if (!isObject(tokenizer.model)) throw new SyntaxError(`Cannot read the tokenizer ${path}: it has no object model`);
  const beside = (name: string) => {
    const file = join(dirname(path), name);
    return existsSync(file) ? readObject(file) : {};
  };
  const named = beside("tokenizer_config.json"), config = beside("config.json");
  const id = (which: "bos" | "eos") =>
    idOf(tokenizer, named[`${which}_token`]) ?? wholeNumber(config[`${which}_token_id`]);
  const bosId = id("bos");
  const start = startOf(tokenizer.post_processor);
  return {
    tokenizer,
    bosId,
    eosId: id("eos"),
    addsBos: bosId !== null && (named.add_bos_token === true || idOf(tokenizer, start) === bosId),
  };
}

/** The id of a token by its text, or by the object that tokenizer_config.json has for it. */
function idOf({ added_tokens, model }: Json, token: unknown): number | null {
  const content = isObject(token) ? token.content : token;
  if (typeof content !== "string") return null;
  const added = Array.isArray(added_tokens) ? added_tokens.find((t) => isObject(t) && t.content === content) : null;
  const { vocab } = model as Json;
  return wholeNumber(added?.id) ??
    (isObject(vocab) && Object.hasOwn(vocab, content) ? wholeNumber(vocab[content]) : null);
}

/** The special token that a post-processor puts in front of every text. */
function startOf(processor: unknown): unknown {
  if (!isObject(processor)) return null;
  if (Array.isArray(processor.processors)) return processor.processors.map(startOf).find((token) => token !== null);
  const [first] = Array.isArray(processor.single) ? processor.single : [];
  return isObject(first) && isObject(first.SpecialToken) ? first.SpecialToken.id : null;
}

/** A token id, the first one of a list. */
function wholeNumber(value: unknown): number | null {
  const first = Array.isArray(value) ? value[0] : value;
  return Number.isInteger(first) && first >= 0 ? first : null;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readObject(path: string): Json {
  try {
    const value: unknown = JSON.parse(Deno.readTextFileSync(path));
    if (isObject(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new SyntaxError(`Cannot read ${path}: it is not a JSON object`);
}
